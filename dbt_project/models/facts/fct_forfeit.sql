with moves as (
    select
        tenant_id, forfeit_id, payment_id, appointment_id, basis, policy_version_id, 'forfeit' as kind,
        forfeited_at as occurred_at, amount_paise, gst_paise, first_seq as source_seq
    from {{ ref('proj_forfeits') }}

    union all

    select
        tenant_id, forfeit_id, payment_id, appointment_id, basis, policy_version_id, 'reversal' as kind,
        reversed_at as occurred_at, -reversed_paise as amount_paise, -reversed_gst_paise as gst_paise,
        last_seq as source_seq
    from {{ ref('proj_forfeits') }}
    where reversed_at is not null
)

select
    moves.tenant_id,
    moves.forfeit_id,
    moves.kind,
    moves.payment_id,
    moves.appointment_id,
    payments.branch_id,
    payments.city_id,
    payments.practitioner_id,
    payments.specialty_id,
    payments.department_id,
    moves.basis,
    moves.policy_version_id,
    moves.occurred_at,
    {{ business_date('moves.occurred_at', 'tenants.utc_offset_minutes') }} as business_date,
    moves.amount_paise,
    moves.gst_paise,
    moves.amount_paise - moves.gst_paise as net_paise,
    moves.source_seq
from moves
inner join {{ ref('proj_tenants') }} as tenants on moves.tenant_id = tenants.tenant_id
inner join {{ ref('fct_payment') }} as payments
    on moves.tenant_id = payments.tenant_id and moves.payment_id = payments.payment_id
