select
    claims.tenant_id,
    claims.claim_id,
    coalesce(payers.payer_id, '-1') as payer_id,
    coalesce(aliases.survivor_key, claims.patient_key, '-1') as patient_key,
    coalesce(claims.branch_id, '-1') as branch_id,
    coalesce(admissions.city_id, branches.city_id, '-1') as city_id,
    coalesce(admissions.practitioner_id, '-1') as practitioner_id,
    coalesce(admissions.specialty_id, '-1') as specialty_id,
    coalesce(admissions.department_id, '-1') as department_id,
    claims.admission_id,
    claims.invoice_id,
    claims.coverage_id,
    claims.preauth_ref,
    case when claims.submitted_at is null then 'preauthorization' else 'claim' end as use,
    claims.state as status,
    {{ business_date('claims.submitted_at', 'tenants.utc_offset_minutes') }} as submitted_on,
    {{ business_date('claims.adjudicated_at', 'tenants.utc_offset_minutes') }} as adjudicated_on,
    claims.submitted_at,
    claims.adjudicated_at,
    claims.settled_at,
    claims.closed_at,
    claims.cancelled_at,
    claims.requested_paise,
    claims.preauth_paise,
    claims.claimed_paise,
    claims.copay_paise,
    claims.approved_paise,
    claims.disallowed_paise,
    claims.under_adjudication_paise,
    claims.settled_gross_paise,
    claims.tds_paise,
    claims.other_deduction_paise,
    claims.net_paise,
    claims.outstanding_paise,
    -- what of the claim the books still hold against the payer, and what waits for its place
    case
        when claims.state in ('closed', 'cancelled') then claims.outstanding_paise
        else claims.under_adjudication_paise + claims.outstanding_paise
    end as receivable_paise,
    case when claims.state in ('closed', 'cancelled') then 0 else claims.disallowed_paise end as pending_paise,
    claims.treatment,
    claims.residual_paise,
    claims.query_count,
    claims.open_queries_n,
    claims.query_due_at,
    case
        when claims.settled_gross_paise > 0 and claims.outstanding_paise <= 0
            then {{ seconds_between('claims.submitted_at', 'claims.settled_at') }}
    end as tat_seconds,
    claims.first_seq,
    claims.last_seq
from {{ ref('proj_claim_worklist') }} as claims
inner join {{ ref('proj_tenants') }} as tenants on claims.tenant_id = tenants.tenant_id
left join {{ ref('proj_patient_aliases') }} as aliases
    on claims.tenant_id = aliases.tenant_id and claims.patient_key = aliases.patient_key
left join {{ ref('fct_admission') }} as admissions
    on claims.tenant_id = admissions.tenant_id and claims.admission_id = admissions.admission_id
left join {{ ref('dim_branch') }} as branches
    on claims.tenant_id = branches.tenant_id and claims.branch_id = branches.branch_id and branches.is_current
left join {{ ref('dim_payer') }} as payers
    on claims.tenant_id = payers.tenant_id and claims.payer_id = payers.payer_id
