select
    tenant_id,
    appointment_id,
    min(seq) as first_seq,
    max(seq) as last_seq,
    max(case when event_type in ('AppointmentHeld', 'AppointmentBooked', 'AppointmentImported') then seq end)
        as booking_seq,
    min(case when event_type in ('AppointmentHeld', 'AppointmentBooked', 'AppointmentImported') then seq end)
        as first_placement_seq,
    max(case when event_type in ('AppointmentHeld', 'AppointmentBooked', 'AppointmentRescheduled') then seq end)
        as placement_seq,
    max(case when event_type <> 'AppointmentRescheduled' then seq end) as status_seq,
    max(case when event_type = 'AppointmentRescheduled' and price_version_id is not null then seq end) as reprice_seq,
    max(case when event_type = 'AppointmentHeld' then seq end) as held_seq,
    max(case when event_type = 'AppointmentBooked' then seq end) as booked_seq,
    max(case when event_type = 'AppointmentNoShow' then seq end) as noshow_seq,
    max(case when event_type = 'NoShowReversed' then seq end) as noshow_reversed_seq,
    max(case when event_type = 'AppointmentHeld' then occurred_at end) as held_at,
    max(case when event_type = 'AppointmentBooked' then occurred_at end) as booked_at,
    max(case when event_type = 'PatientCheckedIn' then arrived_at end) as arrived_at,
    max(case when event_type = 'NoShowReversed' then occurred_at end) as noshow_reversed_at,
    {{ count_if("event_type = 'AppointmentRescheduled' and initiator = 'patient'") }} as reschedule_count_patient,
    {{ count_if("event_type = 'AppointmentRescheduled' and initiator <> 'patient'") }} as reschedule_count_provider
from {{ ref('stg_appointment') }}
group by tenant_id, appointment_id
