{{ config(database=target.database) }}

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

services as (
    select tenant_id, service_id, code, name, kind, specialty_id
    from {{ ref('stg_tenant') }}
    where event_type = 'ServiceDefined'
)

select
    prices.tenant_id,
    prices.service_id,
    prices.scope_key,
    coalesce(prices.visit_type, '-') as visit_type,
    prices.effective_from,
    last_words.ends_at as effective_to,
    prices.price_version_id,
    prices.scope_level,
    prices.scope_city_id as city_id,
    prices.scope_branch_id as branch_id,
    prices.scope_practitioner_id as practitioner_id,
    services.code as service_code,
    services.name as service_name,
    services.kind as service_kind,
    services.specialty_id,
    prices.amount_paise,
    prices.gst_bps,
    prices.tax_inclusive,
    prices.seq as set_seq,
    greatest(prices.seq, coalesce(last_words.seq, 0)) as last_seq
from {{ ref('stg_price') }} as prices
left join last_words
    on prices.tenant_id = last_words.tenant_id
    and prices.price_version_id = last_words.price_version_id
    and last_words.from_last = 1
left join services on prices.tenant_id = services.tenant_id and prices.service_id = services.service_id
where
    prices.event_type = 'PriceSet'
    -- what was taken back before it began never held
    and (last_words.ends_at is null or last_words.ends_at > prices.effective_from)
