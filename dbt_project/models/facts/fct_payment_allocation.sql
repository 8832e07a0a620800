select
    events.tenant_id,
    events.seq as source_seq,
    case when events.event_type = 'PaymentAllocated' then 'allocation' else 'deallocation' end as kind,
    events.payment_id,
    events.invoice_id,
    events.occurred_at,
    {{ business_date('events.occurred_at', 'tenants.utc_offset_minutes') }} as business_date,
    payments.patient_key,
    payments.branch_id,
    payments.city_id,
    payments.practitioner_id,
    payments.specialty_id,
    payments.department_id,
    coalesce(invoices.branch_id, '-1') as invoice_branch_id,
    case when events.event_type = 'PaymentAllocated' then events.amount_paise else -events.amount_paise end
        as amount_paise,
    events.reason
from {{ ref('stg_payment') }} as events
inner join {{ ref('proj_tenants') }} as tenants on events.tenant_id = tenants.tenant_id
inner join {{ ref('fct_payment') }} as payments
    on events.tenant_id = payments.tenant_id and events.payment_id = payments.payment_id
left join {{ ref('proj_invoices') }} as invoices
    on events.tenant_id = invoices.tenant_id and events.invoice_id = invoices.invoice_id
where events.event_type in ('PaymentAllocated', 'PaymentDeallocated')
