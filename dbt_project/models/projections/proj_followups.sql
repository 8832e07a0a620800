with requests as (
    select * from {{ ref('stg_followup') }} where event_type = 'FollowUpRequested'
),

marks as (
    select
        events.tenant_id,
        events.aggregate_id as followup_id,
        min(events.seq) as first_seq,
        max(events.seq) as last_seq,
        max(case when events.event_type = 'FollowUpAmended' then events.seq end) as amended_seq,
        -- an amendment after the first window rescues nothing, so it does not count
        max(
            case
                when events.event_type = 'FollowUpAmended' and events.amended_on <= requests.due_to then events.seq
            end
        ) as counted_seq,
        max(case when events.event_type = 'FollowUpBooked' then events.seq end) as booked_seq,
        max(case when events.event_type = 'FollowUpUnbooked' then events.seq end) as unbooked_seq,
        max(case when events.event_type = 'FollowUpOverdue' then events.seq end) as overdue_seq,
        max(case when events.event_type = 'FollowUpLapsed' then events.seq end) as lapsed_seq,
        max(case when events.event_type = 'FollowUpCompleted' then events.encounter_id end) as completed_encounter_id,
        max(events.completed_on) as completed_on,
        max(events.deviation_days) as deviation_days,
        max(case when events.event_type = 'FollowUpClosed' then events.outcome end) as closed_as,
        {{ count_if("events.event_type = 'FollowUpAmended'") }} as amended_count
    from {{ ref('stg_followup') }} as events
    inner join requests on events.tenant_id = requests.tenant_id and events.aggregate_id = requests.aggregate_id
    group by events.tenant_id, events.aggregate_id
),

dates as (
    select tenant_id, seq, due_on, due_from, due_to, lapse_on, appointment_id from {{ ref('stg_followup') }}
)

select
    marks.tenant_id,
    marks.followup_id,
    requests.patient_key,
    requests.branch_id,
    requests.practitioner_id,
    requests.specialty_id,
    requests.encounter_id,
    requests.occurred_at as requested_at,
    requests.due_on as first_due_on,
    counted.due_on,
    counted.due_from,
    counted.due_to,
    present.due_on as present_due_on,
    present.due_from as present_due_from,
    present.due_to as present_due_to,
    present.lapse_on,
    requests.free_until,
    requests.same_practitioner,
    requests.policy_version_id,
    case when marks.booked_seq > coalesce(marks.unbooked_seq, 0) then booked.appointment_id end as appointment_id,
    marks.completed_encounter_id,
    marks.completed_on,
    marks.deviation_days,
    marks.closed_as,
    marks.amended_count,
    case
        when marks.completed_on is not null then 'completed'
        when marks.closed_as = 'declined' then 'declined'
        when marks.closed_as is not null then 'cancelled'
        when marks.lapsed_seq is not null then 'lapsed'
        when marks.overdue_seq > greatest(coalesce(marks.booked_seq, 0), coalesce(marks.amended_seq, 0))
            then 'overdue'
        when marks.booked_seq > coalesce(marks.unbooked_seq, 0) then 'booked'
        else 'requested'
    end as status,
    marks.first_seq,
    marks.last_seq
from marks
inner join requests on marks.tenant_id = requests.tenant_id and marks.followup_id = requests.aggregate_id
inner join dates as counted
    on marks.tenant_id = counted.tenant_id and coalesce(marks.counted_seq, marks.first_seq) = counted.seq
inner join dates as present
    on marks.tenant_id = present.tenant_id and coalesce(marks.amended_seq, marks.first_seq) = present.seq
left join dates as booked on marks.tenant_id = booked.tenant_id and marks.booked_seq = booked.seq
