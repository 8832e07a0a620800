with insured as (
    select tenant_id, admission_id, max_by(claim_id, first_seq) as claim_id
    from {{ ref('fct_claim') }}
    where admission_id is not null and status <> 'cancelled'
    group by tenant_id, admission_id
)

select
    days.tenant_id,
    days.census_on as as_of_date,
    days.branch_id,
    branches.name as branch_name,
    days.city_id,
    days.department_id,
    days.specialty_id,
    beds.ward,
    beds.room,
    days.bed_id,
    beds.label as bed_label,
    days.bed_class,
    days.status,
    days.admission_id,
    admissions.his_visit_no,
    days.patient_key,
    patients.sex,
    patients.birth_decade,
    days.practitioner_id,
    admissions.admitted_at,
    days.los_days,
    claims.payer_id,
    claims.status as claim_state,
    days.occupied_n,
    days.admissions_n,
    days.discharges_n,
    days.transfers_in_n,
    days.transfers_out_n,
    days.last_seq
from {{ ref('fct_bed_day') }} as days
inner join {{ ref('dim_bed') }} as beds on days.tenant_id = beds.tenant_id and days.bed_id = beds.bed_id
left join {{ ref('dim_branch') }} as branches
    on days.tenant_id = branches.tenant_id and days.branch_id = branches.branch_id and branches.is_current
left join {{ ref('fct_admission') }} as admissions
    on days.tenant_id = admissions.tenant_id and days.admission_id = admissions.admission_id
left join {{ ref('dim_patient') }} as patients
    on admissions.tenant_id = patients.tenant_id and admissions.patient_key = patients.patient_key
left join insured on days.tenant_id = insured.tenant_id and days.admission_id = insured.admission_id
left join {{ ref('fct_claim') }} as claims
    on insured.tenant_id = claims.tenant_id and insured.claim_id = claims.claim_id
