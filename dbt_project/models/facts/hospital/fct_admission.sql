select
    admissions.tenant_id,
    admissions.admission_id,
    admissions.his_visit_no,
    coalesce(aliases.survivor_key, admissions.patient_key, '-1') as patient_key,
    admissions.encounter_id,
    coalesce(branches.branch_id, '-1') as branch_id,
    coalesce(branches.city_id, '-1') as city_id,
    coalesce(practitioners.practitioner_id, '-1') as practitioner_id,
    coalesce(practitioners.specialty_id, '-1') as specialty_id,
    coalesce(admissions.department_id, '-1') as department_id,
    admissions.bed_class,
    admissions.status,
    {{ business_date('admissions.admitted_at', 'tenants.utc_offset_minutes') }} as admitted_on,
    {{ business_date('admissions.discharged_at', 'tenants.utc_offset_minutes') }} as discharged_on,
    admissions.requested_at,
    admissions.accepted_at,
    admissions.admitted_at,
    admissions.discharged_at,
    admissions.billed_at,
    admissions.cancelled_at,
    admissions.disposition,
    admissions.expected_los_days,
    case
        when admissions.status = 'admitted'
            then {{ days_between(
                business_date('admissions.admitted_at', 'tenants.utc_offset_minutes'), 'tenants.as_of_date'
            ) }}
        when admissions.status in ('discharged', 'billed') then admissions.los_days
    end as los_days,
    admissions.transfers_n,
    admissions.charges_n,
    admissions.charged_paise,
    admissions.invoice_id,
    admissions.bill_total_paise,
    admissions.advance_applied_paise,
    admissions.excess_paise,
    admissions.first_seq,
    admissions.last_seq
from {{ ref('proj_admissions') }} as admissions
inner join {{ ref('proj_tenants') }} as tenants on admissions.tenant_id = tenants.tenant_id
left join {{ ref('proj_patient_aliases') }} as aliases
    on admissions.tenant_id = aliases.tenant_id and admissions.patient_key = aliases.patient_key
left join {{ ref('dim_branch') }} as branches
    on admissions.tenant_id = branches.tenant_id
    and admissions.branch_id = branches.branch_id
    and admissions.requested_at >= branches.valid_from
    and admissions.requested_at < branches.valid_to
left join {{ ref('dim_practitioner') }} as practitioners
    on admissions.tenant_id = practitioners.tenant_id
    and admissions.practitioner_id = practitioners.practitioner_id
    and admissions.requested_at >= practitioners.valid_from
    and admissions.requested_at < practitioners.valid_to
