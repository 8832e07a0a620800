with events as (
    select
        events.*,
        case when event_type = 'AppointmentRescheduled' then to_slot_id else slot_id end as placed_slot_id,
        case when event_type = 'AppointmentRescheduled' then to_start_at else start_at end as placed_start_at,
        {{ business_date('events.occurred_at', 'tenants.utc_offset_minutes') }} as business_date
    from {{ ref('stg_appointment') }} as events
    inner join {{ ref('proj_tenants') }} as tenants on events.tenant_id = tenants.tenant_id
),

-- where it stood after each event: what an event does not say stays as it was
standing as (
    select
        events.*,
        row_number() over appointment_so_far as place,
        last_value(placed_slot_id ignore nulls) over appointment_so_far as standing_slot_id,
        last_value(placed_start_at ignore nulls) over appointment_so_far as standing_start_at
    from events
    window appointment_so_far as (
        partition by tenant_id, appointment_id order by seq rows between unbounded preceding and current row
    )
)

select
    standing.tenant_id,
    standing.seq,
    standing.appointment_id,
    standing.event_type,
    standing.place,
    standing.business_date,
    standing.occurred_at,
    standing.recorded_at,
    case
        when standing.event_type = 'AppointmentRescheduled' then standing.from_slot_id
        when standing.event_type in ('AppointmentHeld', 'AppointmentBooked', 'AppointmentImported') then null
        else standing.standing_slot_id
    end as from_slot_id,
    case
        when standing.event_type in ('AppointmentHeld', 'AppointmentBooked', 'AppointmentRescheduled', 'NoShowReversed')
            then standing.standing_slot_id
    end as to_slot_id,
    standing.standing_start_at as start_at,
    coalesce(
        standing.lead_seconds, {{ seconds_between('standing.occurred_at', 'standing.standing_start_at') }}
    ) as lead_seconds,
    coalesce(standing.initiator, '-') as initiator,
    coalesce(standing.reason_code, '-') as reason_code,
    standing.actor_type,
    standing.entry_channel,
    appointments.patient_key,
    appointments.branch_id,
    appointments.city_id,
    appointments.practitioner_id,
    appointments.specialty_id,
    appointments.department_id,
    appointments.is_error
from standing
inner join {{ ref('fct_appointment') }} as appointments
    on standing.tenant_id = appointments.tenant_id and standing.appointment_id = appointments.appointment_id
