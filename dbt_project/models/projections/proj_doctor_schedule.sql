{{ config(database=target.database) }}

-- as many tokens as the slot ever had: one that is taken away leaves a deleted row
with capacities as (
    select tenant_id, slot_id, capacity from {{ ref('stg_schedule__slots') }}

    union all

    select tenant_id, slot_id, capacity from {{ ref('stg_schedule') }}
    where event_type = 'SlotOverridden'
),

most as (
    select tenant_id, slot_id, max(capacity) as capacity
    from capacities
    group by tenant_id, slot_id
),

tokens as (
    select most.tenant_id, most.slot_id, cast(numbers.generated_number as bigint) as token_no
    from most
    cross join ({{ dbt.generate_series(20) }}) as numbers
    where numbers.generated_number <= most.capacity
),

takings as (
    select
        events.tenant_id,
        coalesce(events.to_slot_id, events.slot_id, appointments.slot_id) as slot_id,
        coalesce(events.to_token_no, events.token_no, appointments.token_no) as token_no,
        events.appointment_id,
        row_number() over (
            partition by
                events.tenant_id,
                coalesce(events.to_slot_id, events.slot_id, appointments.slot_id),
                coalesce(events.to_token_no, events.token_no, appointments.token_no)
            order by events.seq desc
        ) as from_last
    from {{ ref('stg_appointment') }} as events
    inner join {{ ref('proj_appointments') }} as appointments
        on events.tenant_id = appointments.tenant_id and events.appointment_id = appointments.appointment_id
    where
        events.event_type in ('AppointmentHeld', 'AppointmentBooked', 'AppointmentRescheduled', 'NoShowReversed')
),

-- who took it last, if they have it still; a no-show does until somebody else takes it
seated as (
    select appointments.*
    from takings
    inner join {{ ref('proj_appointments') }} as appointments
        on takings.tenant_id = appointments.tenant_id
        and takings.appointment_id = appointments.appointment_id
        and takings.slot_id = appointments.slot_id
        and takings.token_no = appointments.token_no
    where
        takings.from_last = 1
        and appointments.status in ('pending', 'booked', 'checked-in', 'arrived', 'fulfilled', 'noshow')
),

held as (
    select
        tokens.tenant_id,
        tokens.slot_id,
        tokens.token_no,
        seated.appointment_id is null and (slots.is_retired or tokens.token_no > slots.capacity) as deleted
    from tokens
    inner join {{ ref('proj_slots') }} as slots
        on tokens.tenant_id = slots.tenant_id and tokens.slot_id = slots.slot_id
    left join seated
        on tokens.tenant_id = seated.tenant_id
        and tokens.slot_id = seated.slot_id
        and tokens.token_no = seated.token_no
)

select
    held.tenant_id,
    slots.practitioner_id,
    slots.business_date,
    slots.start_at,
    held.slot_id,
    held.token_no,
    slots.end_at,
    slots.schedule_id,
    slots.branch_id,
    slots.city_id,
    coalesce(seated.mode, slots.mode) as mode,
    case
        when seated.appointment_id is not null then seated.status
        when held.deleted then 'retired'
        when slots.block_id is not null then 'blocked'
        else 'free'
    end as status,
    seated.appointment_id,
    seated.patient_key,
    seated.service_id,
    seated.visit_type,
    seated.followup_id,
    seated.is_new_patient,
    money.due_paise as balance_due_paise,
    slots.block_id,
    held.deleted,
    greatest(slots.last_seq, coalesce(seated.last_seq, 0), coalesce(money.last_seq, 0)) as last_seq
from held
inner join {{ ref('proj_portal_slots') }} as slots
    on held.tenant_id = slots.tenant_id and held.slot_id = slots.slot_id
left join seated
    on held.tenant_id = seated.tenant_id
    and held.slot_id = seated.slot_id
    and held.token_no = seated.token_no
left join {{ ref('proj_visit_money') }} as money
    on seated.tenant_id = money.tenant_id and seated.appointment_id = money.appointment_id
