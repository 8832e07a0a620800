with matched as (
    select
        lines.*,
        uses.item_id as matched_item_id,
        uses.place,
        uses.lines_n,
        uses.is_duplicate,
        coalesce(uses.consumed_paise, 0) as consumed_paise,
        coalesce(uses.excess_paise, 0) as excess_paise,
        uses.line_id is null and lines.is_settled and lines.entity_type = 'payment' as is_unknown_payment
    from {{ ref('proj_settlement_lines') }} as lines
    left join {{ ref('proj_settlement_consumption') }} as uses
        on lines.tenant_id = uses.tenant_id and lines.line_id = uses.line_id
),

-- rule M2: nothing captured answers to the line, but an order does
conflicts as (
    select
        matched.tenant_id,
        matched.line_id,
        coalesce(by_order.payment_id, by_id.payment_id) as payment_id
    from matched
    left join {{ ref('proj_uncaptured_orders') }} as by_order
        on matched.tenant_id = by_order.tenant_id
        and matched.gateway = by_order.gateway
        and matched.order_id = by_order.order_id
        and by_order.order_claim = 1
    left join {{ ref('proj_uncaptured_orders') }} as by_id
        on matched.tenant_id = by_id.tenant_id
        and matched.gateway = by_id.gateway
        and matched.entity_id = by_id.gateway_payment_id
        and by_id.payment_claim = 1
    where matched.is_unknown_payment
),

judged as (
    select
        matched.*,
        conflicts.payment_id as conflict_payment_id,
        case
            when not matched.is_settled then 'held'
            when matched.matched_item_id is not null and matched.match_kind = 'dispute' then 'dispute'
            when matched.is_duplicate then 'duplicate_settlement'
            when matched.matched_item_id is not null then 'consumed'
            when matched.entity_type in ('adjustment', 'transfer') then 'unexpected_adjustment'
            when conflicts.payment_id is not null then 'status_conflict'
            else 'orphan_settlement'
        end as outcome
    from matched
    left join conflicts on matched.tenant_id = conflicts.tenant_id and matched.line_id = conflicts.line_id
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
    lines_n,
    consumed_paise,
    excess_paise,
    case
        when outcome = 'held' then 0
        when outcome = 'dispute' then debit_paise - credit_paise
        when outcome = 'unexpected_adjustment' then credit_paise - debit_paise
        else amount_paise
    end as evidence_paise
from judged
