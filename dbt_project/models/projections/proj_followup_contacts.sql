-- an appointment in error never was; one that was moved is booked once
with bookings as (
    select
        booked.tenant_id,
        booked.aggregate_id as followup_id,
        count(distinct booked.appointment_id) as booked_count,
        count(distinct case when appointments.status = 'noshow' then booked.appointment_id end) as noshow_count,
        cast(null as bigint) as contact_attempts,
        max(appointments.last_seq) as last_seq
    from {{ ref('stg_followup') }} as booked
    inner join {{ ref('proj_appointments') }} as appointments
        on booked.tenant_id = appointments.tenant_id and booked.appointment_id = appointments.appointment_id
    where booked.event_type = 'FollowUpBooked' and appointments.status <> 'entered-in-error'
    group by booked.tenant_id, booked.aggregate_id
),

messages as (
    select
        tenant_id,
        related_ref as followup_id,
        cast(null as bigint) as booked_count,
        cast(null as bigint) as noshow_count,
        count(*) as contact_attempts,
        max(seq) as last_seq
    from {{ ref('stg_notification') }}
    where event_type = 'NotificationRequested' and related_ref like 'fup\_%' escape '\'
    group by tenant_id, related_ref
),

counts as (
    select * from bookings
    union all
    select * from messages
)

select
    tenant_id,
    followup_id,
    coalesce(max(booked_count), 0) as booked_count,
    coalesce(max(noshow_count), 0) as noshow_count,
    coalesce(max(contact_attempts), 0) as contact_attempts,
    max(last_seq) as last_seq
from counts
group by tenant_id, followup_id
