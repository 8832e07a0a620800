{{ config(database=target.database) }}

with visits as (
    select
        tenant_id,
        appointment_id,
        max(encounter_id) as encounter_id,
        max(wait_seconds) as wait_seconds
    from {{ ref('proj_encounters') }}
    -- an appointment has one encounter that was not cancelled
    where status <> 'cancelled'
    group by tenant_id, appointment_id
),

seated as (
    select
        appointments.*,
        marks.arrived_at,
        {{ business_date('appointments.start_at', 'tenants.utc_offset_minutes') }} as business_date
    from {{ ref('proj_appointments') }} as appointments
    inner join {{ ref('proj_appointment_marks') }} as marks
        on appointments.tenant_id = marks.tenant_id and appointments.appointment_id = marks.appointment_id
    inner join {{ ref('proj_tenants') }} as tenants on appointments.tenant_id = tenants.tenant_id
    where
        not appointments.is_imported
        and not appointments.is_hold_expired
        and appointments.status <> 'entered-in-error'
),

flagged as (
    select
        seated.*,
        {{ seconds_between('seated.start_at', 'seated.arrived_at') }} >= 60 as is_late,
        seated.status in ('pending', 'booked')
        and (
            slots.is_retired
            or blocks.block_id is not null
            or (seated.mode = 'tele' and withdrawals.slot_id is not null)
        ) as needs_reschedule
    from seated
    left join {{ ref('proj_slots') }} as slots
        on seated.tenant_id = slots.tenant_id and seated.slot_id = slots.slot_id
    left join {{ ref('proj_slot_blocks') }} as blocks
        on seated.tenant_id = blocks.tenant_id and seated.slot_id = blocks.slot_id
    left join {{ ref('proj_video_withdrawals') }} as withdrawals
        on seated.tenant_id = withdrawals.tenant_id and seated.slot_id = withdrawals.slot_id
)

select
    flagged.tenant_id,
    flagged.branch_id,
    flagged.business_date,
    flagged.practitioner_id,
    flagged.start_at,
    flagged.appointment_id,
    flagged.end_at,
    cities.city_id,
    flagged.slot_id,
    flagged.token_no,
    flagged.status,
    flagged.patient_key,
    visits.encounter_id,
    flagged.service_id,
    flagged.specialty_id,
    nullif(flagged.department_id, 'dep_opd') as department_id,
    flagged.visit_type,
    flagged.mode,
    flagged.booking_channel,
    flagged.arrived_at,
    visits.wait_seconds,
    flagged.price_quoted_paise,
    money.paid_paise,
    money.due_paise,
    '[' || concat_ws(
        ',',
        case when flagged.is_late then '"late"' end,
        case when flagged.is_new_patient then '"first_visit"' end,
        case when flagged.prior_noshow_count >= 2 then '"prior_noshow"' end,
        case when flagged.needs_reschedule then '"needs_reschedule"' end
    ) || ']' as flags,
    greatest(flagged.last_seq, money.last_seq) as last_seq
from flagged
inner join {{ ref('proj_visit_money') }} as money
    on flagged.tenant_id = money.tenant_id and flagged.appointment_id = money.appointment_id
left join visits on flagged.tenant_id = visits.tenant_id and flagged.appointment_id = visits.appointment_id
left join {{ ref('proj_branch_cities') }} as cities
    on flagged.tenant_id = cities.tenant_id
    and flagged.branch_id = cities.branch_id
    and flagged.business_date >= cities.from_on
    and flagged.business_date < cities.to_on
