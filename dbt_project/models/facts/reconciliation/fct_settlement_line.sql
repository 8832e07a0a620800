with lines as (
    select * from {{ ref('proj_settlement_lines') }}
),

orders as (
    select * from {{ ref('proj_uncaptured_orders') }}
),

-- rule M2: nothing captured answers to the line, but an order does
conflicts as (
    select
        lines.tenant_id,
        lines.line_id,
        coalesce(by_order.payment_id, by_id.payment_id) as payment_id
    from lines
    left join {{ ref('proj_settlement_matches') }} as matches
        on lines.tenant_id = matches.tenant_id and lines.line_id = matches.line_id
    left join orders as by_order
        on lines.tenant_id = by_order.tenant_id
        and lines.gateway = by_order.gateway
        and lines.order_id = by_order.order_id
    left join orders as by_id
        on lines.tenant_id = by_id.tenant_id
        and lines.gateway = by_id.gateway
        and lines.entity_id = by_id.gateway_payment_id
    where lines.entity_type = 'payment' and lines.is_settled and matches.line_id is null
),

judged as (
    select
        lines.*,
        matches.item_id as matched_item_id,
        matches.place,
        conflicts.payment_id as conflict_payment_id,
        coalesce(consumption.consumed_paise, 0) as consumed_paise,
        coalesce(consumption.excess_paise, 0) as excess_paise,
        case
            when not lines.is_settled then 'held'
            when matches.item_id is not null and lines.match_kind = 'dispute' then 'dispute'
            when consumption.is_duplicate then 'duplicate_settlement'
            when consumption.line_id is not null then 'consumed'
            when lines.entity_type in ('adjustment', 'transfer') then 'unexpected_adjustment'
            when conflicts.payment_id is not null then 'status_conflict'
            else 'orphan_settlement'
        end as outcome
    from lines
    left join {{ ref('proj_settlement_matches') }} as matches
        on lines.tenant_id = matches.tenant_id and lines.line_id = matches.line_id
    left join {{ ref('proj_settlement_consumption') }} as consumption
        on lines.tenant_id = consumption.tenant_id and lines.line_id = consumption.line_id
    left join conflicts on lines.tenant_id = conflicts.tenant_id and lines.line_id = conflicts.line_id
)

select
    tenant_id,
    line_id,
    seq,
    leg,
    gateway,
    settlement_id,
    settlement_utr,
    entity_type,
    entity_id,
    order_id,
    dispute_id,
    method,
    card_network,
    card_type,
    amount_paise,
    fee_excl_paise,
    tax_paise,
    credit_paise,
    debit_paise,
    is_settled,
    created_at,
    created_on,
    settled_at,
    settled_on,
    recorded_on,
    description,
    outcome,
    -- the recon item in which this line's money stands
    case
        when outcome in ('consumed', 'dispute', 'held') then matched_item_id
        else leg || ':line:' || line_id
    end as item_id,
    -- what it was taken for when it stands alone
    case when outcome = 'duplicate_settlement' then matched_item_id end as duplicate_of_item_id,
    conflict_payment_id,
    case
        when matched_item_id is not null then case leg when 'L3' then 'M3' else 'M1' end
        when conflict_payment_id is not null then 'M2'
    end as matched_by,
    place,
    consumed_paise,
    excess_paise,
    case
        when outcome = 'held' then 0
        when outcome = 'dispute' then debit_paise - credit_paise
        when outcome = 'unexpected_adjustment' then credit_paise - debit_paise
        else amount_paise
    end as evidence_paise
from judged
