with encounters as (
    select
        encounters.*,
        coalesce(aliases.survivor_key, encounters.patient_key, '-1') as person_key,
        {{ business_date('encounters.started_at', 'tenants.utc_offset_minutes') }} as business_date
    from {{ ref('proj_encounters') }} as encounters
    inner join {{ ref('proj_tenants') }} as tenants on encounters.tenant_id = tenants.tenant_id
    left join {{ ref('proj_patient_aliases') }} as aliases
        on encounters.tenant_id = aliases.tenant_id and encounters.patient_key = aliases.patient_key
)

select
    encounters.tenant_id,
    encounters.encounter_id,
    encounters.appointment_id,
    encounters.person_key as patient_key,
    coalesce(branches.branch_id, '-1') as branch_id,
    branches.branch_sk,
    coalesce(branches.city_id, '-1') as city_id,
    coalesce(practitioners.practitioner_id, '-1') as practitioner_id,
    practitioners.practitioner_sk,
    coalesce(specialties.specialty_id, '-1') as specialty_id,
    coalesce(roles.department_id, encounters.department_id) as department_id,
    coalesce(appointments.service_id, '-1') as service_id,
    coalesce(appointments.visit_type, 'unknown') as visit_type,
    encounters.class,
    encounters.status,
    encounters.outcome,
    encounters.business_date,
    encounters.started_at,
    encounters.finished_at,
    encounters.wait_seconds,
    encounters.duration_seconds,
    coalesce(appointments.is_error, false) as is_error,
    encounters.first_seq,
    encounters.last_seq
from encounters
left join {{ ref('fct_appointment') }} as appointments
    on encounters.tenant_id = appointments.tenant_id and encounters.appointment_id = appointments.appointment_id
left join {{ ref('dim_branch') }} as branches
    on encounters.tenant_id = branches.tenant_id
    and encounters.branch_id = branches.branch_id
    and encounters.started_at >= branches.valid_from
    and encounters.started_at < branches.valid_to
left join {{ ref('dim_specialty') }} as specialties
    on encounters.tenant_id = specialties.tenant_id and encounters.specialty_id = specialties.specialty_id
left join {{ ref('dim_practitioner') }} as practitioners
    on encounters.tenant_id = practitioners.tenant_id
    and encounters.practitioner_id = practitioners.practitioner_id
    and encounters.started_at >= practitioners.valid_from
    and encounters.started_at < practitioners.valid_to
left join {{ ref('proj_practitioner_roles') }} as roles
    on encounters.tenant_id = roles.tenant_id
    and encounters.practitioner_id = roles.practitioner_id
    and encounters.branch_id = roles.branch_id
    and encounters.business_date >= roles.from_on
    and encounters.business_date < roles.to_on
