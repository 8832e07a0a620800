with marks as (
    select
        tenant_id,
        payment_id,
        refund_id,
        max(case when event_type = 'RefundRequested' then seq end) as requested_seq,
        max(case when event_type = 'RefundProcessed' then seq end) as processed_seq,
        max(case when event_type = 'RefundApproved' then occurred_at end) as approved_at,
        max(case when event_type = 'RefundApproved' then approval end) as approval,
        max(case when event_type = 'RefundInitiated' then occurred_at end) as initiated_at,
        max(case when event_type = 'RefundInitiated' then seq end) as initiated_seq,
        max(attempt) as attempts,
        min(seq) as first_seq,
        max(seq) as last_seq
    from {{ ref('stg_payment') }}
    where refund_id is not null
    group by tenant_id, payment_id, refund_id
),

events as (
    select * from {{ ref('stg_payment') }}
    where refund_id is not null
)

select
    marks.tenant_id,
    marks.refund_id,
    marks.payment_id,
    last_event.patient_key,
    last_event.branch_id,
    last_event.appointment_id,
    coalesce(requested.amount_paise, processed.amount_paise) as amount_paise,
    requested.reason,
    coalesce(processed.destination, requested.destination) as destination,
    case
        when last_event.event_type = 'RefundRequested' then 'requested'
        when last_event.event_type = 'RefundApproved' then 'approved'
        when last_event.event_type = 'RefundRejected' then 'rejected'
        when last_event.event_type = 'RefundInitiated' then 'initiated'
        when last_event.event_type = 'RefundProcessed' then 'processed'
        else 'failed'
    end as state,
    -- a refund counts against its payment from the request until it is rejected or has failed for good
    last_event.event_type <> 'RefundRejected'
    and (last_event.event_type <> 'RefundFailed' or not coalesce(last_event.final, false)) as is_reserved,
    coalesce(requested.occurred_at, processed.processed_at) as requested_at,
    marks.approved_at,
    marks.approval,
    marks.initiated_at,
    sent.speed,
    coalesce(marks.attempts, 0) as attempts,
    processed.processed_at,
    processed.gateway_refund_id,
    processed.arn_or_rrn,
    processed.cash_session_id,
    last_event.error_code,
    marks.first_seq,
    processed.seq as processed_seq,
    marks.last_seq
from marks
left join events as requested on marks.tenant_id = requested.tenant_id and marks.requested_seq = requested.seq
left join events as sent on marks.tenant_id = sent.tenant_id and marks.initiated_seq = sent.seq
inner join events as last_event on marks.tenant_id = last_event.tenant_id and marks.last_seq = last_event.seq
left join events as processed on marks.tenant_id = processed.tenant_id and marks.processed_seq = processed.seq
