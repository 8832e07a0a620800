select
    tenant_id,
    aggregate_id as encounter_id,
    max(appointment_id) as appointment_id,
    max(patient_key) as patient_key,
    max(branch_id) as branch_id,
    max(practitioner_id) as practitioner_id,
    max(specialty_id) as specialty_id,
    coalesce(max(department_id), 'dep_opd') as department_id,
    max(class) as class,
    case
        when max(case when event_type = 'EncounterCancelled' then 1 end) = 1 then 'cancelled'
        when max(case when event_type = 'EncounterFinished' then 1 end) = 1 then 'finished'
        else 'in-progress'
    end as status,
    max(outcome) as outcome,
    max(started_at) as started_at,
    max(case when event_type = 'EncounterFinished' then occurred_at end) as finished_at,
    max(wait_seconds) as wait_seconds,
    max(duration_seconds) as duration_seconds,
    min(seq) as first_seq,
    max(seq) as last_seq
from {{ ref('stg_encounter') }}
group by tenant_id, aggregate_id
