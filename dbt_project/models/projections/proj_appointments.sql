with marks as (
    select * from {{ ref('proj_appointment_marks') }}
),

events as (
    select * from {{ ref('stg_appointment') }}
),

visits as (
    select
        tenant_id,
        appointment_id,
        max(case when status = 'in-progress' then 1 else 0 end) as open_encounters,
        max(case when status <> 'cancelled' then started_at end) as started_at,
        max(case when status <> 'cancelled' then finished_at end) as finished_at,
        max(last_seq) as last_seq
    from {{ ref('proj_encounters') }}
    group by tenant_id, appointment_id
)

select
    marks.tenant_id,
    marks.appointment_id,
    booking.patient_key,
    coalesce(placement.to_branch_id, placement.branch_id, booking.branch_id, booking.branch_ref) as branch_id,
    coalesce(placement.to_practitioner_id, placement.practitioner_id, booking.practitioner_ref, '-1')
        as practitioner_id,
    booking.specialty_id,
    coalesce(booking.department_id, 'dep_opd') as department_id,
    coalesce(booking.service_id, booking.service_ref, '-1') as service_id,
    coalesce(placement.to_slot_id, placement.slot_id) as slot_id,
    coalesce(placement.to_token_no, placement.token_no) as token_no,
    booking.visit_type,
    booking.mode,
    booking.booking_channel,
    booking.walk_in as is_walk_in,
    booking.is_new_patient,
    booking.prior_noshow_count,
    booking.event_type = 'AppointmentImported' as is_imported,
    coalesce(booking.is_imputed_branch, false) as is_imputed_branch,
    coalesce(booking.time_precision, 'minute') as time_precision,
    marks.held_at,
    coalesce(marks.booked_at, booking.booked_at) as booked_at,
    marks.booked_seq,
    first_event.start_at as first_start_at,
    coalesce(placement.to_start_at, placement.start_at, booking.start_at) as start_at,
    coalesce(placement.to_end_at, placement.end_at) as end_at,
    booking.start_on,
    coalesce(marks.arrived_at, marks.noshow_reversed_at) as checked_in_at,
    visits.started_at,
    visits.finished_at,
    {{ appointment_status('last_event', 'visits.open_encounters') }} as status,
    coalesce(last_event.event_type = 'AppointmentHoldExpired', false) as is_hold_expired,
    case
        when
            last_event.event_type in (
                'AppointmentHoldExpired', 'AppointmentCancelled', 'AppointmentNoShow', 'AppointmentFulfilled',
                'AppointmentEnteredInError'
            )
            then last_event.occurred_at
        else last_event.cancelled_at
    end as closed_at,
    last_event.seq as closed_seq,
    case when last_event.event_type = 'AppointmentCancelled' then last_event.initiator end as cancel_initiator,
    case when last_event.event_type = 'AppointmentCancelled' then last_event.reason_code end as cancel_reason,
    case when last_event.event_type = 'AppointmentCancelled' then last_event.lead_seconds end as lead_seconds_cancel,
    marks.reschedule_count_patient,
    marks.reschedule_count_provider,
    coalesce(reprice.price_quoted_paise, booking.price_quoted_paise) as price_quoted_paise,
    coalesce(reprice.price_version_id, booking.price_version_id) as price_version_id,
    booking.list_price_paise,
    booking.deposit_required_paise,
    booking.deposit_paid_paise,
    booking.deposit_waiver_reason,
    last_event.forfeit_paise as forfeit_planned_paise,
    last_event.refund_paise as refund_planned_paise,
    booking.policy_version_ids,
    booking.followup_id,
    marks.first_seq,
    greatest(marks.last_seq, coalesce(visits.last_seq, 0)) as last_seq
from marks
inner join events as booking on marks.tenant_id = booking.tenant_id and marks.booking_seq = booking.seq
inner join events as last_event on marks.tenant_id = last_event.tenant_id and marks.status_seq = last_event.seq
inner join events as first_event
    on marks.tenant_id = first_event.tenant_id and marks.first_placement_seq = first_event.seq
left join events as placement on marks.tenant_id = placement.tenant_id and marks.placement_seq = placement.seq
left join events as reprice on marks.tenant_id = reprice.tenant_id and marks.reprice_seq = reprice.seq
left join visits on marks.tenant_id = visits.tenant_id and marks.appointment_id = visits.appointment_id
