{{ config(materialized='view', database='workings') }}

with resolved as (
    select * from {{ ref('fct_recon_standing') }}
    where resolution_state = 'applied' and resolved_paise <> 0
),

line_legs as (
    {{ ledger_legs(ref('fct_posting_settlement'), [
        'amount', 'credit', 'debit', 'fee', 'input_credit', 'tax_cost', 'consumed', 'excess'
    ]) }}
    union all
    {{ ledger_legs(ref('fct_posting_bank'), ['amount']) }}
),

-- what is taken out of the account where the item stands, and where it goes: to the other item of a link, back to the
-- customer, to loss or to income; a line that was a test is as if it had never been posted. Positive is a debit.
moves as (
    select tenant_id, item_id, branch_id, account, -resolved_paise as debit_paise
    from resolved
    where resolution in ('write_off', 'link', 'refund_customer')
    union all
    select
        tenant_id,
        item_id,
        branch_id,
        case when resolution = 'refund_customer' then '1225' when resolved_paise > 0 then '5400' else '4910' end,
        resolved_paise
    from resolved
    where resolution in ('write_off', 'refund_customer')
    union all
    select resolved.tenant_id, resolved.item_id, targets.branch_id, targets.account, resolved.resolved_paise
    from resolved
    inner join {{ ref('fct_recon_standing') }} as targets
        on resolved.tenant_id = targets.tenant_id and resolved.resolution_target = targets.item_id
    where resolved.resolution = 'link'
    union all
    select
        resolved.tenant_id,
        resolved.item_id,
        line_legs.branch_id,
        line_legs.account,
        case line_legs.side when 'C' then line_legs.amount_paise else -line_legs.amount_paise end
    from resolved
    inner join line_legs
        on resolved.tenant_id = line_legs.tenant_id and substr(resolved.item_id, 9) = line_legs.source_ref
    where resolved.resolution = 'ignore_test'
),

-- what one branch gives and another takes goes through 1900, so that every branch balances by itself
balanced as (
    select tenant_id, item_id, branch_id, account, debit_paise from moves
    union all
    select tenant_id, item_id, branch_id, '1900', -cast(sum(debit_paise) as bigint)
    from moves
    group by tenant_id, item_id, branch_id
    having sum(debit_paise) <> 0
)

select
    balanced.tenant_id,
    resolved.resolution_seq as source_seq,
    resolved.resolution as posting,
    balanced.branch_id,
    balanced.account,
    case when balanced.debit_paise > 0 then 'D' else 'C' end as side,
    abs(balanced.debit_paise) as amount_paise,
    '-' as service_kind,
    resolved.resolved_on as business_date,
    resolved.resolved_at as occurred_at,
    said.recorded_at,
    balanced.item_id as source_ref
from balanced
inner join resolved on balanced.tenant_id = resolved.tenant_id and balanced.item_id = resolved.item_id
inner join {{ ref('stg_recon_case') }} as said
    on resolved.tenant_id = said.tenant_id and resolved.resolution_seq = said.seq
