with banded as (
    select
        appointments.tenant_id,
        appointments.business_date,
        appointments.specialty_id,
        appointments.branch_id,
        appointments.city_id,
        appointments.practitioner_id,
        appointments.department_id,
        dates.dow,
        coalesce(bands.time_band, 'unknown') as time_band,
        case
            when appointments.lead_days_booking is null then 'unknown'
            when appointments.lead_days_booking <= 0 then '0d'
            when appointments.lead_days_booking <= 2 then '1-2d'
            when appointments.lead_days_booking <= 7 then '3-7d'
            when appointments.lead_days_booking <= 14 then '8-14d'
            else '15+d'
        end as lead_band,
        appointments.booking_channel,
        appointments.visit_type,
        appointments.mode,
        case
            when appointments.is_new_patient then 'yes'
            when not appointments.is_new_patient then 'no'
            else 'unknown'
        end
            as is_new,
        case
            when appointments.deposit_paid_paise = 0 then 'none'
            when appointments.deposit_paid_paise < appointments.price_quoted_paise then 'partial'
            else 'full'
        end as deposit_band,
        case
            when appointments.prior_noshow_count is null then 'unknown'
            when appointments.prior_noshow_count >= 2 then '2+'
            when appointments.prior_noshow_count = 1 then '1'
            else '0'
        end as prior_noshow_band,
        appointments.attendance,
        appointments.lead_seconds_cancel,
        appointments.last_seq
    from {{ ref('fct_appointment') }} as appointments
    inner join {{ ref('dim_date') }} as dates
        on appointments.tenant_id = dates.tenant_id and appointments.business_date = dates.date_on
    left join {{ ref('dim_time_band') }} as bands
        on appointments.tenant_id = bands.tenant_id and appointments.start_hour = bands.hour
    where appointments.is_booked and not appointments.is_error
),

{% set grain -%}
    tenant_id, business_date, specialty_id, branch_id, city_id, practitioner_id, department_id, dow, time_band,
    lead_band, booking_channel, visit_type, mode, is_new, deposit_band, prior_noshow_band
{%- endset -%}
counted as (
    select
        {{ grain }},
        count(*) as n,
        {{ count_if("attendance = 'kept'") }} as kept_n,
        {{ count_if("attendance = 'noshow'") }} as noshow_n,
        {{ count_if("attendance in ('kept', 'noshow')") }} as decided_n,
        {{ count_if("attendance = 'unresolved'") }} as unresolved_n,
        {{ count_if("attendance = 'cancelled'") }} as cancelled_n,
        {{ count_if("attendance = 'cancelled' and lead_seconds_cancel < 4 * 3600") }} as late_cancelled_n,
        max(last_seq) as last_seq
    from banded
    group by {{ grain }}
)

select
    {{ grain }},
    n,
    kept_n,
    noshow_n,
    decided_n,
    {{ rate('noshow_n', 'decided_n') }} as noshow_rate,
    unresolved_n,
    cancelled_n,
    late_cancelled_n,
    last_seq
from counted
