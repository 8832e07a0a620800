{{ config(materialized='view', database='workings') }}

with events as (
    select
        moved.tenant_id,
        moved.seq,
        moved.event_type,
        moved.payment_id,
        moved.invoice_id,
        moved.refund_id,
        moved.destination,
        moved.occurred_at,
        moved.recorded_at,
        coalesce(moved.captured_at, moved.processed_at, moved.occurred_at) as moved_at,
        coalesce(moved.amount_paise, moved.amount_deducted_paise) as amount_paise,
        coalesce(moved.gst_paise, 0) as gst_paise,
        coalesce(moved.covered_paise, 0) as covered_paise,
        coalesce(moved.uncovered_paise, 0) as uncovered_paise
    from {{ ref('stg_payment') }} as moved
    where
        moved.event_type in (
            'PaymentCaptured', 'PaymentReversed', 'PaymentAllocated', 'PaymentDeallocated', 'DepositForfeited',
            'DepositForfeitReversed', 'RefundRequested', 'RefundRejected', 'RefundProcessed'
        )
        or (moved.event_type = 'RefundFailed' and moved.final)
        or (moved.event_type = 'DisputeResolved' and moved.outcome = 'lost')
),

-- an allocation names its invoice; the end of a refund sets free what its request set aside
placed as (
    select
        events.*,
        payments.branch_id,
        payments.channel,
        case when events.event_type in ('PaymentAllocated', 'PaymentDeallocated') then invoices.branch_id end
            as invoice_branch_id,
        coalesce(events.amount_paise, refunds.amount_paise) as moved_paise,
        {{ business_date('events.moved_at', 'tenants.utc_offset_minutes') }} as business_date
    from events
    inner join {{ ref('proj_tenants') }} as tenants on events.tenant_id = tenants.tenant_id
    inner join {{ ref('fct_payment') }} as payments
        on events.tenant_id = payments.tenant_id and events.payment_id = payments.payment_id
    left join {{ ref('proj_invoices') }} as invoices
        on events.tenant_id = invoices.tenant_id and events.invoice_id = invoices.invoice_id
    left join {{ ref('proj_refunds') }} as refunds
        on events.tenant_id = refunds.tenant_id and events.refund_id = refunds.refund_id
),

named as (
    select
        placed.*,
        coalesce(invoice_branch_id <> branch_id, false) as is_elsewhere,
        case event_type
            when 'PaymentCaptured' then 'captured_' || channel
            when 'PaymentReversed' then 'reversed_' || channel
            when 'PaymentAllocated' then 'allocated'
            when 'PaymentDeallocated' then 'deallocated'
            when 'DepositForfeited' then 'forfeited'
            when 'DepositForfeitReversed' then 'forfeit_reversed'
            when 'RefundRequested' then 'refund_reserved'
            when 'DisputeResolved' then 'dispute_lost'
            when 'RefundProcessed'
                then
                    case
                        when destination = 'cash' then 'refunded_cash'
                        when destination = 'source' and channel in ('gateway', 'pos') then 'refunded_' || channel
                        else 'refunded_transfer'
                    end
            else 'refund_released'
        end as posting
    from placed
)

{% set moved = 'business_date, occurred_at, recorded_at, payment_id as source_ref, moved_paise as amount_paise, '
    ~ 'moved_paise - gst_paise as net_paise, gst_paise, covered_paise, uncovered_paise' -%}
select
    tenant_id,
    seq as source_seq,
    branch_id,
    case when is_elsewhere and posting = 'allocated' then 'allocated_from_payment'
        when is_elsewhere then 'deallocated_to_payment'
        else posting
    end as posting,
    {{ moved }}
from named

union all

select
    tenant_id,
    seq as source_seq,
    invoice_branch_id,
    case posting when 'allocated' then 'allocated_to_invoice' else 'deallocated_from_invoice' end as posting,
    {{ moved }}
from named
where is_elsewhere
