with payments as (
    select
        tenant_id,
        appointment_id,
        cast(sum(captured_paise - refunded_paise - reversed_paise - dispute_lost_paise) as bigint) as paid_paise,
        max(last_seq) as last_seq
    from {{ ref('proj_payments_summary') }}
    where appointment_id is not null
    group by tenant_id, appointment_id
),

invoices as (
    select
        tenant_id,
        appointment_id,
        cast(sum(greatest(outstanding_paise, 0)) as bigint) as outstanding_paise,
        max(last_seq) as last_seq
    from {{ ref('proj_invoices') }}
    where appointment_id is not null
    group by tenant_id, appointment_id
),

-- put to the visit's invoices by payments that name no appointment
put as (
    select
        invoices.tenant_id,
        invoices.appointment_id,
        cast(sum(
            case when events.event_type = 'PaymentAllocated' then events.amount_paise else -events.amount_paise end
        ) as bigint) as paise,
        max(events.seq) as last_seq
    from {{ ref('stg_payment') }} as events
    inner join {{ ref('proj_payments_summary') }} as payments
        on events.tenant_id = payments.tenant_id
        and events.payment_id = payments.payment_id
        and payments.appointment_id is null
    inner join {{ ref('proj_invoices') }} as invoices
        on events.tenant_id = invoices.tenant_id and events.invoice_id = invoices.invoice_id
    where events.event_type in ('PaymentAllocated', 'PaymentDeallocated') and invoices.appointment_id is not null
    group by invoices.tenant_id, invoices.appointment_id
),

paid as (
    select
        appointments.tenant_id,
        appointments.appointment_id,
        appointments.status,
        appointments.price_quoted_paise,
        coalesce(payments.paid_paise, 0) + coalesce(put.paise, 0) as paid_paise,
        greatest(coalesce(payments.last_seq, 0), coalesce(put.last_seq, 0)) as last_seq
    from {{ ref('proj_appointments') }} as appointments
    left join payments
        on appointments.tenant_id = payments.tenant_id and appointments.appointment_id = payments.appointment_id
    left join put on appointments.tenant_id = put.tenant_id and appointments.appointment_id = put.appointment_id
    where not appointments.is_imported
)

select
    paid.tenant_id,
    paid.appointment_id,
    paid.paid_paise,
    case
        when invoices.outstanding_paise is not null then invoices.outstanding_paise
        when paid.status in ('pending', 'booked', 'checked-in', 'arrived', 'fulfilled')
            then greatest(paid.price_quoted_paise - paid.paid_paise, 0)
        else 0
    end as due_paise,
    greatest(paid.last_seq, coalesce(invoices.last_seq, 0)) as last_seq
from paid
left join invoices on paid.tenant_id = invoices.tenant_id and paid.appointment_id = invoices.appointment_id
