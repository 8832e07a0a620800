with services as (
    select distinct tenant_id, service_id, specialty_id from {{ ref('fct_price_change') }}
),

specialties as (
    select distinct tenant_id, specialty_id from services
),

-- the next booking of the same, within two weeks of the provider's cancellation, is the provider's doing
rebooked as (
    select cancelled.tenant_id, cancelled.appointment_id as cancelled_id, min(later.booked_seq) as booked_seq
    from {{ ref('fct_appointment') }} as cancelled
    inner join {{ ref('fct_appointment') }} as later
        on cancelled.tenant_id = later.tenant_id
        and cancelled.patient_key = later.patient_key
        and cancelled.service_id = later.service_id
        and cancelled.closed_seq < later.booked_seq
        and {{ dbt.dateadd('day', 14, 'cancelled.closed_at') }} >= later.booked_at
    where cancelled.final_status = 'cancelled' and cancelled.cancel_initiator = 'provider'
    group by cancelled.tenant_id, cancelled.appointment_id
),

bookings as (
    select
        appointments.tenant_id,
        services.specialty_id,
        appointments.service_id,
        appointments.visit_type,
        appointments.city_id,
        appointments.branch_id,
        appointments.practitioner_id,
        appointments.booked_on as day_on,
        1 as bookings_n,
        appointments.price_quoted_paise as price_sum_paise,
        0 as available_minutes,
        0 as booked_parts,
        0 as lines_n,
        0 as discounted_lines_n
    from {{ ref('fct_appointment') }} as appointments
    inner join services
        on appointments.tenant_id = services.tenant_id and appointments.service_id = services.service_id
    left join (select distinct tenant_id, booked_seq from rebooked) as again
        on appointments.tenant_id = again.tenant_id and appointments.booked_seq = again.booked_seq
    where
        appointments.is_booked
        and not appointments.is_error
        and not appointments.is_hold_expired
        and not appointments.is_free_followup
        and appointments.price_quoted_paise is not null
        and appointments.booked_on is not null
        and again.booked_seq is null
),

slots as (
    select
        slots.tenant_id,
        slots.specialty_id,
        '-' as service_id,
        '-' as visit_type,
        slots.city_id,
        slots.branch_id,
        slots.practitioner_id,
        slots.business_date as day_on,
        0 as bookings_n,
        0 as price_sum_paise,
        slots.minutes - slots.minutes_blocked as available_minutes,
        -- a token's share of its slot, in parts that every capacity up to 20 divides
        {{ whole_division('232792560 * slots.minutes * slots.tokens_booked_at_start', 'slots.capacity') }}
            as booked_parts,
        0 as lines_n,
        0 as discounted_lines_n
    from {{ ref('fct_slot') }} as slots
    inner join specialties
        on slots.tenant_id = specialties.tenant_id and slots.specialty_id = specialties.specialty_id
    where not slots.is_retired and slots.minutes > slots.minutes_blocked
),

lines as (
    select
        lines.tenant_id,
        services.specialty_id,
        lines.service_id,
        '-' as visit_type,
        lines.city_id,
        lines.branch_id,
        lines.practitioner_id,
        lines.business_date as day_on,
        0 as bookings_n,
        0 as price_sum_paise,
        0 as available_minutes,
        0 as booked_parts,
        1 as lines_n,
        case when lines.discount_paise > 0 then 1 else 0 end as discounted_lines_n
    from {{ ref('fct_invoice_line') }} as lines
    inner join services on lines.tenant_id = services.tenant_id and lines.service_id = services.service_id
    where lines.kind = 'issue' and lines.gross_paise > 0
)

select
    tenant_id,
    specialty_id,
    service_id,
    visit_type,
    city_id,
    branch_id,
    practitioner_id,
    day_on,
    {{ sum_paise('bookings_n') }} as bookings_n,
    {{ sum_paise('price_sum_paise') }} as price_sum_paise,
    {{ sum_paise('available_minutes') }} as available_minutes,
    {{ sum_paise('booked_parts') }} as booked_parts,
    {{ sum_paise('lines_n') }} as lines_n,
    {{ sum_paise('discounted_lines_n') }} as discounted_lines_n
from (
    select * from bookings
    union all
    select * from slots
    union all
    select * from lines
) as days
group by tenant_id, specialty_id, service_id, visit_type, city_id, branch_id, practitioner_id, day_on
