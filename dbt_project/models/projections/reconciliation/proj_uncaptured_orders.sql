-- An order that a gateway may still turn out to have been paid for: what a missed webhook or a late authorisation hits.
-- Where two payments share an id the earlier one answers to it.
with orders as (
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
)

select
    orders.*,
    row_number() over (partition by tenant_id, gateway, order_id order by first_seq) as order_claim,
    row_number() over (partition by tenant_id, gateway, gateway_payment_id order by first_seq) as payment_claim
from orders
