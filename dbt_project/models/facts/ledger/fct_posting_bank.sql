{{ config(database='workings') }}

-- bank lines that stand in an item; charges and sweeps are the bank's own and post nothing
with lines as (
    select
        lines.tenant_id,
        lines.seq,
        lines.bank_line_id,
        lines.item_id,
        lines.credit_paise + lines.debit_paise as amount_paise,
        lines.value_on,
        told.occurred_at,
        told.recorded_at,
        coalesce(items.branch_id, '-1') as branch_id,
        case
            when substr(lines.item_id, 3, 6) = ':line:' then 'unidentified_received'
            when substr(lines.item_id, 1, 9) = 'L2:batch:' then 'payout'
            when substr(lines.item_id, 1, 11) = 'L4:deposit:' then 'deposit'
            when substr(lines.item_id, 1, 10) = 'L5:refund:' then 'transfer_paid'
            when substr(lines.item_id, 1, 6) = 'L5:qr:' then 'qr_received'
            else 'insurer'
        end as posting
    from {{ ref('fct_bank_line') }} as lines
    inner join {{ ref('stg_bank_statement') }} as told on lines.tenant_id = told.tenant_id and lines.seq = told.seq
    left join {{ ref('fct_recon_item') }} as items
        on lines.tenant_id = items.tenant_id and lines.item_id = items.item_id
    where lines.item_id is not null
),

-- what several branches wait for together: a batch's net, a slip's cash, a payer's transfer, branch by branch
shares as (
    select
        tenant_id,
        'L2:batch:' || gateway || '/' || settlement_id as item_id,
        branch_id,
        {{ sum_paise('credit_paise - debit_paise') }} as share_paise
    from {{ ref('fct_posting_settlement') }}
    group by tenant_id, gateway, settlement_id, branch_id
    union all
    select
        slips.tenant_id,
        'L4:deposit:' || slips.bank_account_id || '/' || slips.deposit_slip_no,
        drawers.branch_id,
        {{ sum_paise('slips.amount_paise') }}
    from {{ ref('stg_cash_session') }} as slips
    inner join {{ ref('fct_cash_session') }} as drawers
        on slips.tenant_id = drawers.tenant_id and slips.aggregate_id = drawers.cash_session_id
    where slips.event_type = 'CashDeposited'
    group by slips.tenant_id, slips.bank_account_id, slips.deposit_slip_no, drawers.branch_id
    union all
    select tenant_id, item_id, branch_id, {{ sum_paise('net_paise') }}
    from {{ ref('fct_claim_settlement') }}
    group by tenant_id, item_id, branch_id
),

-- the first credit brings what the branches wait for; a second one of the same item was not to be expected
ordered as (
    select lines.*, row_number() over (partition by tenant_id, item_id order by value_on, seq) as place
    from lines
    where posting in ('payout', 'deposit', 'insurer')
),

spread as (
    select ordered.tenant_id, ordered.seq, ordered.item_id, shares.branch_id, shares.share_paise as amount_paise
    from ordered
    inner join shares on ordered.tenant_id = shares.tenant_id and ordered.item_id = shares.item_id
    where ordered.place = 1
    union all
    select ordered.tenant_id, ordered.seq, ordered.item_id, ordered.branch_id, ordered.amount_paise
    from ordered
    union all
    -- less what the branches have got already, the rest stays where nobody's share is
    select ordered.tenant_id, ordered.seq, ordered.item_id, ordered.branch_id, -sum(shares.share_paise)
    from ordered
    inner join shares on ordered.tenant_id = shares.tenant_id and ordered.item_id = shares.item_id
    where ordered.place = 1
    group by ordered.tenant_id, ordered.seq, ordered.item_id, ordered.branch_id
),

parts as (
    select tenant_id, seq, item_id, branch_id, cast(sum(amount_paise) as bigint) as amount_paise
    from spread
    group by tenant_id, seq, item_id, branch_id
),

-- a credit that pays several items is one posting; what of it goes the same way is one leg
posted as (
    select
        lines.*,
        coalesce(parts.branch_id, lines.branch_id) as posted_branch_id,
        coalesce(parts.amount_paise, lines.amount_paise) as posted_paise,
        case
            when parts.amount_paise >= 0 then lines.posting || '_received'
            when parts.amount_paise < 0 then lines.posting || '_short'
            else lines.posting
        end as rule
    from lines
    left join parts
        on lines.tenant_id = parts.tenant_id and lines.seq = parts.seq and lines.item_id = parts.item_id
)

select
    tenant_id,
    seq as source_seq,
    posted_branch_id as branch_id,
    rule as posting,
    value_on as business_date,
    occurred_at,
    recorded_at,
    bank_line_id as source_ref,
    abs({{ sum_paise('posted_paise') }}) as amount_paise
from posted
group by tenant_id, seq, posted_branch_id, rule, value_on, occurred_at, recorded_at, bank_line_id
