with moves as (
    select
        events.tenant_id,
        case
            when events.event_type = 'AppointmentRescheduled' then events.to_slot_id
            else coalesce(events.slot_id, appointments.slot_id)
        end as slot_id,
        events.appointment_id,
        events.event_type,
        events.occurred_at,
        events.seq,
        1 as ordinal,
        case
            when
                events.event_type in (
                    'AppointmentHeld', 'AppointmentBooked', 'AppointmentRescheduled', 'NoShowReversed'
                )
                then -1
            else 1
        end as change
    from {{ ref('stg_appointment') }} as events
    inner join {{ ref('proj_appointment_marks') }} as marks
        on events.tenant_id = marks.tenant_id and events.appointment_id = marks.appointment_id
    inner join {{ ref('proj_appointments') }} as appointments
        on events.tenant_id = appointments.tenant_id and events.appointment_id = appointments.appointment_id
    where
        events.event_type in (
            'AppointmentHeld', 'AppointmentRescheduled', 'NoShowReversed', 'AppointmentHoldExpired',
            'AppointmentCancelled', 'AppointmentNoShow'
        )
        -- a booking after a hold keeps the token of the hold
        or (events.event_type = 'AppointmentBooked' and marks.held_seq is null)
        -- a no-show had given its token back already
        or (
            events.event_type = 'AppointmentEnteredInError'
            and coalesce(marks.noshow_seq, 0) <= coalesce(marks.noshow_reversed_seq, 0)
        )

    union all

    select
        tenant_id, from_slot_id as slot_id, appointment_id, event_type, occurred_at, seq, 0 as ordinal, 1 as change
    from {{ ref('stg_appointment') }}
    where event_type = 'AppointmentRescheduled'
),

capacities as (
    select tenant_id, slot_id, event_type, occurred_at, seq, ordinal, capacity
    from {{ ref('stg_schedule__slots') }}

    union all

    select
        tenant_id, slot_id, event_type, occurred_at, seq, 1 as ordinal,
        case when action = 'close' then 0 else capacity end as capacity
    from {{ ref('stg_schedule') }}
    where event_type = 'SlotOverridden' and (capacity is not null or action = 'close')
),

-- a slot whose tokens all stayed taken has nothing to tell
freed as (
    select distinct tenant_id, slot_id from moves where change = 1
),

changes as (
    select tenant_id, slot_id, appointment_id, event_type, occurred_at, seq, ordinal, change from moves

    union all

    select
        tenant_id, slot_id, cast(null as varchar) as appointment_id, event_type, occurred_at, seq, ordinal,
        capacity - coalesce(
            lag(capacity) over (partition by tenant_id, slot_id order by occurred_at, seq, ordinal), 0
        ) as change
    from capacities
)

select
    changes.tenant_id,
    changes.slot_id,
    changes.seq as source_seq,
    changes.ordinal,
    changes.appointment_id,
    changes.event_type,
    changes.occurred_at,
    changes.change,
    cast(
        coalesce(
            sum(changes.change) over (
                partition by changes.tenant_id, changes.slot_id
                order by changes.occurred_at, changes.seq, changes.ordinal
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as bigint
    ) as free_before
from changes
inner join freed on changes.tenant_id = freed.tenant_id and changes.slot_id = freed.slot_id
