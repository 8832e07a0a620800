-- What was earned and did not arrive, each paisa under one type (DOMAIN §6.7).
with items as (
    select
        items.*,
        case
            when items.class in ('missing_settlement', 'qr_missing', 'claim_missing') and items.kind <> 'refund'
                then 'missing_settlement'
            when
                items.kind <> 'refund'
                and items.class in ('amount_mismatch_short', 'qr_amount_mismatch')
                and items.variance_paise < 0
                then 'short_settlement'
            when items.kind = 'payment' and items.class = 'matched_fee_variance' and items.fee_variance_paise > 0
                then 'fee_overcharge'
            when items.class = 'cash_short' then 'cash_short'
            when items.class = 'status_conflict' then 'late_auth_uncaptured'
            when items.class = 'claim_amount_mismatch' and items.variance_paise < 0 then 'claim_short_paid'
        end as leakage_type,
        -- money that a person found is there, and a line that a person explained waits for nothing
        case
            when items.kind = 'line' and items.status = 'resolved' then items.right_paise
            when items.resolution = 'link' and items.resolution_state in ('applied', 'linked')
                then items.resolution_paise
            else 0
        end as found_paise
    from {{ ref('fct_recon_item') }} as items
),

money as (
    select
        items.tenant_id,
        items.business_date,
        items.branch_id,
        coalesce(payments.practitioner_id, claims.practitioner_id, '-1') as practitioner_id,
        coalesce(payments.specialty_id, claims.specialty_id, '-1') as specialty_id,
        items.leakage_type,
        items.item_id as evidence_id,
        items.payment_id,
        case items.leakage_type
            when 'fee_overcharge' then items.fee_variance_paise
            when 'late_auth_uncaptured' then items.right_paise
            else items.left_paise - items.right_paise
        end - items.found_paise as amount_paise,
        -- a short drawer is nobody's debt; a gateway, a bank or a payer can be asked for the rest
        items.leakage_type <> 'cash_short' as is_recoverable
    from items
    left join {{ ref('fct_payment') }} as payments
        on items.tenant_id = payments.tenant_id and items.payment_id = payments.payment_id
    left join {{ ref('fct_claim') }} as claims
        on items.tenant_id = claims.tenant_id and items.left_ref = claims.claim_id
    where items.leakage_type is not null
),

-- money that came without our noticing pays the bill that seems open, and a bill holds the deposit that was waived
unpaid as (
    select tenant_id, appointment_id, {{ sum_paise('amount_paise') }} as amount_paise
    from {{ ref('fct_leak_bill') }}
    where leakage_type = 'undercollected' and appointment_id is not null
    group by tenant_id, appointment_id
),

unnoticed as (
    select payments.tenant_id, payments.appointment_id, {{ sum_paise('money.amount_paise') }} as amount_paise
    from money
    inner join {{ ref('fct_payment') }} as payments
        on money.tenant_id = payments.tenant_id and money.payment_id = payments.payment_id
    where money.leakage_type = 'late_auth_uncaptured'
    group by payments.tenant_id, payments.appointment_id
),

-- it pays one bill after the other
bills as (
    select
        bills.*,
        least(bills.amount_paise, greatest(0, coalesce(unnoticed.amount_paise, 0) - coalesce(
            sum(bills.amount_paise) over (
                partition by bills.tenant_id, bills.appointment_id order by bills.business_date, bills.evidence_id
                rows between unbounded preceding and 1 preceding
            ), 0
        ))) as paid_paise
    from {{ ref('fct_leak_bill') }} as bills
    left join unnoticed
        on bills.tenant_id = unnoticed.tenant_id
        and bills.appointment_id = unnoticed.appointment_id
        and bills.leakage_type = 'undercollected'
),

leaks as (
    select
        tenant_id, business_date, branch_id, practitioner_id, specialty_id, leakage_type, evidence_id, amount_paise,
        is_recoverable
    from money

    union all

    -- the patient can still be billed, and asked to pay; a discount has been given
    select
        tenant_id, business_date, branch_id, practitioner_id, specialty_id, leakage_type, evidence_id,
        amount_paise - paid_paise as amount_paise, leakage_type <> 'excess_discount' as is_recoverable
    from bills

    union all

    -- what was waived or given free is gone
    select
        visits.tenant_id, visits.business_date, visits.branch_id, visits.practitioner_id, visits.specialty_id,
        visits.leakage_type, visits.evidence_id,
        visits.amount_paise
        - case
            when visits.leakage_type = 'deposit_waived'
                then greatest(coalesce(unpaid.amount_paise, 0), coalesce(unnoticed.amount_paise, 0))
            else 0
        end as amount_paise,
        false as is_recoverable
    from {{ ref('fct_leak_visit') }} as visits
    left join unpaid on visits.tenant_id = unpaid.tenant_id and visits.appointment_id = unpaid.appointment_id
    left join unnoticed
        on visits.tenant_id = unnoticed.tenant_id and visits.appointment_id = unnoticed.appointment_id

    union all

    select
        tenant_id, business_date, branch_id, practitioner_id, specialty_id, leakage_type, evidence_id, amount_paise,
        is_recoverable
    from {{ ref('fct_leak_claim') }}
)

select
    tenant_id,
    business_date,
    branch_id,
    practitioner_id,
    specialty_id,
    leakage_type,
    count(*) as n,
    {{ sum_paise('amount_paise') }} as amount_paise,
    {{ sum_paise('amount_paise', 'is_recoverable') }} as recoverable_paise,
    {{ dbt.listagg('evidence_id', "','", 'order by evidence_id') }} as evidence_ids
from leaks
where amount_paise > 0
group by tenant_id, business_date, branch_id, practitioner_id, specialty_id, leakage_type
