{#- Status of an appointment by its last status event; `arrived` while an encounter is open (DOMAIN §2.4). -#}
{% macro appointment_status(event, open_encounters) -%}
    case
        when {{ event }}.event_type = 'AppointmentImported' then {{ event }}.outcome
        when {{ event }}.event_type = 'AppointmentHeld' then 'pending'
        when {{ event }}.event_type in ('AppointmentHoldExpired', 'AppointmentCancelled') then 'cancelled'
        when {{ event }}.event_type = 'AppointmentNoShow' then 'noshow'
        when {{ event }}.event_type = 'AppointmentFulfilled' then 'fulfilled'
        when {{ event }}.event_type = 'AppointmentEnteredInError' then 'entered-in-error'
        when {{ open_encounters }} = 1 then 'arrived'
        when {{ event }}.event_type in ('PatientCheckedIn', 'NoShowReversed') then 'checked-in'
        else 'booked'
    end
{%- endmacro %}

{#- What an appointment says about keeping appointments (DOMAIN §5.3, B4). `start_passed`: started a day before as_of. -#}
{% macro appointment_attendance(appointment, start_passed) -%}
    case
        when {{ appointment }}.status = 'noshow' then 'noshow'
        when {{ appointment }}.status in ('fulfilled', 'checked-in', 'arrived') then 'kept'
        when
            {{ appointment }}.status = 'cancelled'
            and {{ appointment }}.cancel_reason = 'lwbs'
            and {{ appointment }}.checked_in_at is not null
            and {{ appointment }}.cancel_initiator <> 'provider'
            then 'kept'
        when {{ appointment }}.status = 'cancelled' then 'cancelled'
        when {{ appointment }}.status = 'booked' and {{ start_passed }} then 'unresolved'
        when {{ appointment }}.status in ('booked', 'pending') then 'open'
        else 'none'
    end
{%- endmacro %}
