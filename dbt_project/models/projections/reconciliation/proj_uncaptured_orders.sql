-- An order that a gateway may still turn out to have been paid for: what a missed webhook or a late authorisation hits.
select
    tenant_id,
    gateway,
    order_id,
    case when captured_seq is null then gateway_payment_id end as gateway_payment_id,
    payment_id,
    first_seq,
    last_seq
from {{ ref('proj_payments_summary') }}
where
    channel = 'gateway'
    and order_id is not null
    and (captured_seq is null or gateway_payment_id is null)
