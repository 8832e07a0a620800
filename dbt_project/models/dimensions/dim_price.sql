with retired as (
    select tenant_id, price_version_id, min(effective_to) as effective_to, max(seq) as seq
    from {{ ref('stg_price') }}
    where event_type = 'PriceRetired'
    group by tenant_id, price_version_id
),

versions as (
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
        coalesce(prices.effective_to, {{ end_of_time() }}) as told_to,
        coalesce(retired.effective_to, {{ end_of_time() }}) as retired_to,
        coalesce(
            lead(prices.effective_from) over (
                partition by prices.tenant_id, prices.service_id, prices.scope_key, prices.visit_type
                order by prices.effective_from, prices.seq
            ),
            {{ end_of_time() }}
        ) as next_from,
        greatest(prices.seq, coalesce(retired.seq, 0)) as last_seq
    from {{ ref('stg_price') }} as prices
    left join retired
        on prices.tenant_id = retired.tenant_id and prices.price_version_id = retired.price_version_id
    where prices.event_type = 'PriceSet'
),

bounded as (
    select versions.*, least(told_to, retired_to, next_from) as valid_to
    from versions
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
    last_seq
from bounded
where valid_to > valid_from
