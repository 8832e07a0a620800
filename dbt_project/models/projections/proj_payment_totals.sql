with refunds as (
    select
        tenant_id,
        payment_id,
        {{ sum_paise('amount_paise', "is_reserved and state <> 'processed'") }} as refund_requested_paise,
        {{ sum_paise('amount_paise', "state = 'processed'") }} as refunded_paise
    from {{ ref('proj_refunds') }}
    group by tenant_id, payment_id
),

disputes as (
    select
        tenant_id,
        payment_id,
        {{ sum_paise('amount_paise', "state = 'open'") }} as dispute_open_paise,
        {{ sum_paise('covered_paise', "state = 'lost'") }} as dispute_lost_paise,
        {{ sum_paise('uncovered_paise', "state = 'lost'") }} as dispute_uncovered_paise,
        {{ count_if("state = 'lost'") }} as disputes_lost_count
    from {{ ref('proj_disputes') }}
    group by tenant_id, payment_id
),

sums as (
    select
        tenant_id,
        payment_id,
        {{ sum_paise('amount_paise', "event_type = 'PaymentInitiated'") }} as initiated_paise,
        {{ sum_paise('amount_paise', "event_type = 'PaymentCaptured'") }} as captured_paise,
        {{ sum_paise(
            "case when event_type = 'PaymentDeallocated' then -amount_paise else amount_paise end",
            "event_type in ('PaymentAllocated', 'PaymentDeallocated')"
        ) }} as allocated_paise,
        {{ sum_paise(
            "case when event_type = 'DepositForfeitReversed' then -amount_paise else amount_paise end",
            "event_type in ('DepositForfeited', 'DepositForfeitReversed')"
        ) }} as forfeited_paise,
        {{ sum_paise('amount_paise', "event_type = 'PaymentReversed'") }} as reversed_paise
    from {{ ref('stg_payment') }}
    group by tenant_id, payment_id
)

select
    sums.*,
    coalesce(refunds.refund_requested_paise, 0) as refund_requested_paise,
    coalesce(refunds.refunded_paise, 0) as refunded_paise,
    coalesce(disputes.dispute_open_paise, 0) as dispute_open_paise,
    coalesce(disputes.dispute_lost_paise, 0) as dispute_lost_paise,
    coalesce(disputes.dispute_uncovered_paise, 0) as dispute_uncovered_paise,
    coalesce(disputes.disputes_lost_count, 0) as disputes_lost_count
from sums
left join refunds on sums.tenant_id = refunds.tenant_id and sums.payment_id = refunds.payment_id
left join disputes on sums.tenant_id = disputes.tenant_id and sums.payment_id = disputes.payment_id
