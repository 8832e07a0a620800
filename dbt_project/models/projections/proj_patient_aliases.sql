-- merges are few: only of them is walked up to the record that was merged into none
with recursive last_words as (
    select tenant_id, duplicate_key, max(seq) as seq
    from {{ ref('stg_patient') }}
    where event_type in ('PatientsMerged', 'PatientsUnmerged')
    group by tenant_id, duplicate_key
),

standing as (
    select events.tenant_id, events.duplicate_key as patient_key, events.survivor_key, events.seq
    from last_words
    inner join {{ ref('stg_patient') }} as events
        on last_words.tenant_id = events.tenant_id and last_words.seq = events.seq
    where events.event_type = 'PatientsMerged'
),

steps as (
    select tenant_id, patient_key, survivor_key, seq as last_seq from standing

    union all

    select
        steps.tenant_id, steps.patient_key, standing.survivor_key, greatest(steps.last_seq, standing.seq) as last_seq
    from steps
    inner join standing on steps.tenant_id = standing.tenant_id and steps.survivor_key = standing.patient_key
)

select steps.tenant_id, steps.patient_key, steps.survivor_key, steps.last_seq
from steps
left join standing on steps.tenant_id = standing.tenant_id and steps.survivor_key = standing.patient_key
where standing.patient_key is null
