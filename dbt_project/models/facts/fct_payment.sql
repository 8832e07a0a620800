select
    payments.tenant_id,
    payments.payment_id,
    coalesce(aliases.survivor_key, payments.patient_key, '-1') as patient_key,
    coalesce(branches.branch_id, '-1') as branch_id,
    coalesce(branches.city_id, '-1') as city_id,
    payments.appointment_id,
    payments.invoice_id,
    coalesce(appointments.practitioner_id, '-1') as practitioner_id,
    coalesce(appointments.specialty_id, '-1') as specialty_id,
    coalesce(appointments.department_id, 'dep_opd') as department_id,
    {{ surrogate_key([
        'payments.tenant_id', 'payments.mode', 'payments.channel', "coalesce(payments.gateway, '-')"
    ]) }} as payment_method_sk,
    payments.purpose,
    payments.mode,
    payments.channel,
    coalesce(payments.gateway, '-') as gateway,
    payments.card_type,
    payments.state,
    payments.failure_decline_type,
    payments.is_late_capture,
    payments.capture_source,
    payments.initiated_at,
    payments.captured_at,
    payments.business_date,
    payments.initiated_paise,
    payments.captured_paise,
    payments.allocated_paise,
    payments.forfeited_paise,
    payments.refund_requested_paise,
    payments.refunded_paise,
    payments.reversed_paise,
    payments.dispute_open_paise,
    payments.dispute_lost_paise,
    payments.dispute_uncovered_paise,
    payments.available_paise,
    payments.gateway_payment_id,
    payments.order_id,
    payments.rrn,
    payments.auth_code,
    payments.terminal_id,
    payments.cash_session_id,
    terms.contract_sk,
    terms.expected_fee_paise,
    terms.expected_tax_paise,
    terms.settle_days,
    terms.due_on,
    terms.overdue_after_on,
    payments.first_seq,
    payments.captured_seq,
    payments.last_seq
from {{ ref('proj_payments_summary') }} as payments
left join {{ ref('fct_payment_terms') }} as terms
    on payments.tenant_id = terms.tenant_id and payments.payment_id = terms.payment_id
left join {{ ref('fct_appointment') }} as appointments
    on payments.tenant_id = appointments.tenant_id and payments.appointment_id = appointments.appointment_id
left join {{ ref('proj_patient_aliases') }} as aliases
    on payments.tenant_id = aliases.tenant_id and payments.patient_key = aliases.patient_key
left join {{ ref('dim_branch') }} as branches
    on payments.tenant_id = branches.tenant_id
    and payments.branch_id = branches.branch_id
    and coalesce(payments.captured_at, payments.initiated_at) >= branches.valid_from
    and coalesce(payments.captured_at, payments.initiated_at) < branches.valid_to
