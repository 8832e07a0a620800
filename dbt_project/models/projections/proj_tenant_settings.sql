-- what holds while nothing has been agreed (DOMAIN §6.3)
with changes as (
    select
        tenant_id,
        cast('1900-01-01' as date) as valid_from,
        0 as seq,
        2 as settle_days_gateway,
        1 as settle_days_pos,
        1 as settle_days_static_qr,
        1 as settle_days_cash_deposit,
        30 as settle_days_insurer,
        1 as recon_grace_days,
        0 as itc_eligible_bps
    from {{ ref('proj_tenants') }}

    union all

    select
        tenant_id,
        patch_effective_from,
        seq,
        patch_settle_days_gateway,
        patch_settle_days_pos,
        patch_settle_days_static_qr,
        patch_settle_days_cash_deposit,
        patch_settle_days_insurer,
        patch_recon_grace_days,
        patch_itc_eligible_bps
    from {{ ref('stg_tenant') }}
    where event_type = 'TenantSettingsChanged' and patch_effective_from is not null
),

{% set names = [
    'settle_days_gateway', 'settle_days_pos', 'settle_days_static_qr', 'settle_days_cash_deposit',
    'settle_days_insurer', 'recon_grace_days', 'itc_eligible_bps'
] -%}
-- a figure that a change leaves out stays as it was: number its values, then take each number's only value
numbered as (
    select
        changes.*,
        {% for name in names -%}
        count({{ name }}) over (partition by tenant_id order by valid_from, seq) as {{ name }}_number,
        {% endfor -%}
        lead(valid_from) over (partition by tenant_id order by valid_from, seq) as next_from
    from changes
),

filled as (
    select
        tenant_id,
        {% for name in names -%}
        cast(max({{ name }}) over (partition by tenant_id, {{ name }}_number) as bigint) as {{ name }},
        {% endfor -%}
        valid_from,
        next_from,
        seq as last_seq
    from numbered
)

select
    tenant_id,
    {% for name in names -%}
    {{ name }},
    {% endfor -%}
    valid_from,
    coalesce(next_from, cast('9999-12-31' as date)) as valid_to,
    last_seq
from filled
where next_from is null or next_from > valid_from
