-- another system's billing: figures to analyse, in no ledger of ours
select
    lines.tenant_id,
    lines.source_system,
    lines.external_ref,
    lines.aggregate_id as bill_id,
    coalesce(lines.charge_ref, lines.external_ref) as bill_ref,
    lines.kind,
    coalesce(aliases.survivor_key, lines.patient_key) as patient_key,
    coalesce(branches.branch_id, '-1') as branch_id,
    coalesce(branches.city_id, '-1') as city_id,
    lines.method,
    lines.currency,
    lines.occurred_at,
    {{ business_date('lines.occurred_at', 'tenants.utc_offset_minutes') }} as business_date,
    lines.amount_paise,
    case
        when lines.kind in ('charge', 'transfer_in') then lines.amount_paise
        when lines.kind in ('adjustment', 'transfer_out') then -lines.amount_paise
        else 0
    end as asked_paise,
    case when lines.kind = 'payment' then lines.amount_paise else 0 end as paid_paise,
    lines.seq as source_seq
from {{ ref('stg_invoice') }} as lines
inner join {{ ref('proj_tenants') }} as tenants on lines.tenant_id = tenants.tenant_id
left join {{ ref('proj_patient_aliases') }} as aliases
    on lines.tenant_id = aliases.tenant_id and lines.patient_key = aliases.patient_key
left join {{ ref('dim_branch') }} as branches
    on lines.tenant_id = branches.tenant_id and lines.branch_ref = branches.branch_id and branches.is_current
where lines.event_type = 'BillingImported'
