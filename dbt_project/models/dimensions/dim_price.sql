with bounded as (
    select
        prices.*,
        prices.effective_from as valid_from,
        coalesce(prices.effective_to, {{ end_of_time() }}) as valid_to
    from {{ ref('proj_price_catalog') }} as prices
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
    city_id as scope_city_id,
    branch_id as scope_branch_id,
    practitioner_id as scope_practitioner_id,
    amount_paise,
    tax_inclusive as is_tax_inclusive,
    gst_bps,
    valid_from,
    valid_to,
    valid_to = {{ end_of_time() }} as is_current,
    set_seq,
    last_seq
from bounded

union all

select
    '-1' as price_sk,
    tenant_id,
    '-1' as service_id,
    '-' as scope_key,
    'unknown' as visit_type,
    '-1' as price_version_id,
    'unknown' as scope_level,
    null as scope_city_id,
    null as scope_branch_id,
    null as scope_practitioner_id,
    null as amount_paise,
    null as is_tax_inclusive,
    null as gst_bps,
    {{ start_of_time() }} as valid_from,
    {{ end_of_time() }} as valid_to,
    true as is_current,
    0 as set_seq,
    0 as last_seq
from {{ ref('proj_tenants') }}
