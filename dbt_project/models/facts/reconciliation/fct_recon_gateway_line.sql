-- Lines without an item of their own making: what the gateway says and we never expected.
with alone as (
    select * from {{ ref('fct_settlement_line') }}
    where outcome in ('orphan_settlement', 'duplicate_settlement', 'status_conflict', 'unexpected_adjustment')
),

-- a person may link these; money is never matched on a likeness
likely as (
    select
        alone.tenant_id,
        alone.line_id,
        items.item_id,
        count(*) over (partition by alone.tenant_id, alone.line_id) as items_n,
        count(*) over (partition by alone.tenant_id, items.item_id) as lines_n
    from alone
    inner join {{ ref('proj_recon_expectations') }} as expected
        on alone.tenant_id = expected.tenant_id
        and alone.leg = expected.leg
        and case alone.leg when 'L3' then 'pos' else alone.gateway end = expected.match_gateway
        and alone.method = expected.mode
        and alone.amount_paise = expected.left_paise
        and expected.kind = 'payment'
    inner join {{ ref('fct_recon_gateway') }} as items
        on expected.tenant_id = items.tenant_id
        and expected.item_id = items.item_id
        and items.class in ('in_transit', 'missing_settlement')
    where
        alone.outcome = 'orphan_settlement'
        and alone.entity_type = 'payment'
        and abs({{ seconds_between('expected.occurred_at', 'alone.created_at') }}) <= 600
),

owners as (
    select
        alone.*,
        likely.item_id as proposed_ref,
        coalesce(expected.payment_id, alone.conflict_payment_id) as payment_id
    from alone
    left join likely
        on alone.tenant_id = likely.tenant_id
        and alone.line_id = likely.line_id
        and likely.items_n = 1
        and likely.lines_n = 1
    left join {{ ref('proj_recon_expectations') }} as expected
        on alone.tenant_id = expected.tenant_id and alone.duplicate_of_item_id = expected.item_id
)

select
    owners.tenant_id,
    owners.item_id,
    owners.leg,
    'line' as kind,
    outcome as class,
    line_id as right_ref,
    coalesce(payments.branch_id, '-1') as branch_id,
    owners.payment_id,
    payments.appointment_id,
    owners.gateway,
    case owners.leg when 'L3' then 'pos' else 'gateway' end as channel,
    method as mode,
    created_on as business_date,
    evidence_paise as right_paise,
    evidence_paise as excess_paise,
    case when entity_type in ('payment', 'refund') then fee_excl_paise else 0 end as fee_charged_paise,
    case when entity_type in ('payment', 'refund') then tax_paise else 0 end as tax_charged_paise,
    owners.settlement_id,
    settlement_utr as utr,
    owners.proposed_ref,
    case owners.outcome
        when 'orphan_settlement' then 'M1, M2 and M3 know no ' || entity_type || ' ' || entity_id
        when 'duplicate_settlement' then entity_id || ' is settled already'
        when 'status_conflict'
            then 'M2: order ' || coalesce(owners.order_id, owners.entity_id) || ' is not captured here'
        else 'no dispute explains ' || entity_id
    end as rule_missed,
    recorded_on as opened_on,
    recorded_on as aged_from_on,
    cast(seq as varchar) as source_seqs
from owners
left join {{ ref('fct_payment') }} as payments
    on owners.tenant_id = payments.tenant_id and owners.payment_id = payments.payment_id
