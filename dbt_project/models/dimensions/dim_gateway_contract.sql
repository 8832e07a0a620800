-- the last list of contracts that was given is the whole list
with lists as (
    select tenant_id, max(seq) as seq
    from {{ ref('stg_tenant') }}
    where patch_gateway_contracts_count is not null
    group by tenant_id
),

contracts as (
    select
        agreed.tenant_id,
        agreed.gateway,
        agreed.mode,
        coalesce(agreed.card_type, '-') as card_type,
        agreed.effective_from,
        false as is_default,
        agreed.fee_bps,
        agreed.fixed_paise,
        agreed.min_paise,
        agreed.max_paise,
        agreed.reduced_bps,
        agreed.reduced_upto_paise,
        agreed.gst_bps,
        agreed.gst_exempt_upto_paise,
        agreed.settle_days,
        agreed.cutoff_time,
        agreed.seq as last_seq
    from lists
    inner join {{ ref('stg_tenant__patch_gateway_contracts') }} as agreed
        on lists.tenant_id = agreed.tenant_id and lists.seq = agreed.seq

    union all

    select
        tenants.tenant_id,
        defaults.gateway,
        defaults.mode,
        coalesce(defaults.card_type, '-') as card_type,
        defaults.effective_from,
        true as is_default,
        defaults.fee_bps,
        defaults.fixed_paise,
        defaults.min_paise,
        defaults.max_paise,
        defaults.reduced_bps,
        defaults.reduced_upto_paise,
        defaults.gst_bps,
        defaults.gst_exempt_upto_paise,
        defaults.settle_days,
        cast(null as varchar) as cutoff_time,
        0 as last_seq
    from {{ ref('proj_tenants') }} as tenants
    cross join {{ ref('default_gateway_contracts') }} as defaults
),

versions as (
    select
        contracts.*,
        lead(contracts.effective_from) over (
            partition by tenant_id, gateway, mode, card_type order by effective_from, last_seq
        ) as next_from
    from contracts
)

select
    {{ surrogate_key(['tenant_id', 'gateway', 'mode', 'card_type', 'effective_from']) }} as contract_sk,
    tenant_id,
    gateway,
    mode,
    card_type,
    is_default,
    fee_bps,
    fixed_paise,
    min_paise,
    max_paise,
    reduced_bps,
    reduced_upto_paise,
    gst_bps,
    gst_exempt_upto_paise,
    settle_days,
    cutoff_time,
    effective_from as valid_from,
    coalesce(next_from, cast('9999-12-31' as date)) as valid_to,
    next_from is null as is_current,
    last_seq
from versions
where next_from is null or next_from > effective_from

union all

select
    '-1' as contract_sk,
    tenant_id,
    '-' as gateway,
    'unknown' as mode,
    '-' as card_type,
    true as is_default,
    null as fee_bps,
    null as fixed_paise,
    null as min_paise,
    null as max_paise,
    null as reduced_bps,
    null as reduced_upto_paise,
    null as gst_bps,
    null as gst_exempt_upto_paise,
    null as settle_days,
    null as cutoff_time,
    cast('1900-01-01' as date) as valid_from,
    cast('9999-12-31' as date) as valid_to,
    true as is_current,
    0 as last_seq
from {{ ref('proj_tenants') }}
