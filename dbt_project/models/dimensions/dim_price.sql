-- what ends a version: the end it was given, a successor that names it, a retirement; the last word holds
with endings as (
    select tenant_id, price_version_id, effective_to as ends_at, seq
    from {{ ref('stg_price') }}
    where effective_to is not null

    union all

    select tenant_id, closes_version_id as price_version_id, effective_from as ends_at, seq
    from {{ ref('stg_price') }}
    where closes_version_id is not null
),

last_words as (
    select
        endings.*,
        row_number() over (partition by tenant_id, price_version_id order by seq desc) as from_last
    from endings
),

bounded as (
    select
        prices.tenant_id,
        prices.service_id,
        prices.scope_key,
        coalesce(prices.visit_type, '-') as visit_type,
        prices.price_version_id,
        prices.scope_level,
        prices.scope_city_id,
        prices.scope_branch_id,
        prices.scope_practitioner_id,
        prices.amount_paise,
        prices.tax_inclusive as is_tax_inclusive,
        prices.gst_bps,
        prices.effective_from as valid_from,
        coalesce(last_words.ends_at, {{ end_of_time() }}) as valid_to,
        prices.seq as set_seq,
        greatest(prices.seq, coalesce(last_words.seq, 0)) as last_seq
    from {{ ref('stg_price') }} as prices
    left join last_words
        on prices.tenant_id = last_words.tenant_id
        and prices.price_version_id = last_words.price_version_id
        and last_words.from_last = 1
    where prices.event_type = 'PriceSet'
)

select
    {{ surrogate_key(['tenant_id', 'service_id', 'scope_key', 'visit_type', epoch_seconds('valid_from')]) }}
        as price_sk,
    tenant_id,
    service_id,
    scope_key,
    visit_type,
    price_version_id,
    scope_level,
    scope_city_id,
    scope_branch_id,
    scope_practitioner_id,
    amount_paise,
    is_tax_inclusive,
    gst_bps,
    valid_from,
    valid_to,
    valid_to = {{ end_of_time() }} as is_current,
    set_seq,
    last_seq
from bounded
where valid_to > valid_from
