-- what a payer struck out, and what it approved and never paid; what the patient is billed instead is theirs to pay
with claims as (
    select
        claims.*,
        {{ business_date('claims.closed_at', 'tenants.utc_offset_minutes') }} as closed_on
    from {{ ref('fct_claim') }} as claims
    inner join {{ ref('proj_tenants') }} as tenants on claims.tenant_id = tenants.tenant_id
    where claims.status <> 'cancelled' and coalesce(claims.treatment, '-') <> 'bill_patient'
)

select
    tenant_id,
    adjudicated_on as business_date,
    branch_id,
    practitioner_id,
    specialty_id,
    'claim_disallowed' as leakage_type,
    claim_id as evidence_id,
    disallowed_paise as amount_paise,
    -- until it is closed the payer can be asked to look again
    status <> 'closed' as is_recoverable
from claims
where disallowed_paise > 0

union all

select
    tenant_id, closed_on as business_date, branch_id, practitioner_id, specialty_id,
    'claim_short_paid' as leakage_type, claim_id as evidence_id, residual_paise - disallowed_paise as amount_paise,
    false as is_recoverable
from claims
where residual_paise > disallowed_paise
