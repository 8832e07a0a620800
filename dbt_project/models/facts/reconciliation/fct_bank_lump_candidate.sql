-- Credits that no reference explains, and what waits for money of their leg at that time.
with lone as (
    select
        lines.tenant_id,
        lines.bank_line_id,
        lines.bank_account_id,
        lines.amount_paise,
        case
            when lines.counterparty_class in ('gateway', 'pos') then 'L2'
            when lines.counterparty_class = 'cash_deposit' then 'L4'
            when lines.counterparty_class = 'insurer' then 'L6'
            else 'L5'
        end as leg,
        days.bank_day_number
    from {{ ref('proj_bank_lines') }} as lines
    inner join {{ ref('dim_date') }} as days on lines.tenant_id = days.tenant_id and lines.value_on = days.date_on
    where
        lines.side = 'C'
        and lines.item_id is null
        and lines.counterparty_class in ('gateway', 'pos', 'cash_deposit', 'upi_qr', 'unknown', 'insurer')
),

expected as (
    select tenant_id, item_id, 'L2' as leg, gateway as payer, payout_paise as amount_paise, settled_on as due_on
    from {{ ref('proj_settlement_batches') }}
    union all
    select slips.tenant_id, slips.item_id, 'L4', slips.bank_account_id, slips.amount_paise, due.due_on
    from {{ ref('proj_cash_deposits') }} as slips
    inner join {{ ref('fct_recon_due') }} as due on slips.tenant_id = due.tenant_id and slips.item_id = due.item_id
    union all
    select transfers.tenant_id, transfers.item_id, 'L5', '-', transfers.left_paise, terms.due_on
    from {{ ref('proj_recon_expectations') }} as transfers
    inner join {{ ref('fct_payment_terms') }} as terms
        on transfers.tenant_id = terms.tenant_id and transfers.payment_id = terms.payment_id
    where transfers.leg = 'L5' and transfers.kind = 'qr'
    union all
    -- the day on which the payer sent it, not the last on which it may come
    select tenant_id, item_id, 'L6', coalesce(min(payer_id), '-1'), {{ sum_paise('net_paise') }}, min(paid_on)
    from {{ ref('fct_claim_settlement') }}
    group by tenant_id, item_id
),

waiting as (
    select expected.*, days.bank_day_number
    from expected
    inner join {{ ref('dim_date') }} as days on expected.tenant_id = days.tenant_id and expected.due_on = days.date_on
    left join {{ ref('proj_bank_lines') }} as evidence
        on expected.tenant_id = evidence.tenant_id and expected.item_id = evidence.item_id
    where expected.amount_paise > 0 and evidence.item_id is null
),

steps as (
    select generated_number - 3 as step
    from ({{ dbt.generate_series(5) }}) as numbers
)

-- two bank days before and after; equality on the day keeps this a hash join
select
    lone.tenant_id,
    lone.bank_line_id,
    lone.amount_paise as credit_paise,
    waiting.payer,
    waiting.item_id,
    waiting.amount_paise,
    row_number() over (
        partition by lone.tenant_id, lone.bank_line_id, waiting.payer order by waiting.item_id
    ) as place,
    count(*) over (partition by lone.tenant_id, lone.bank_line_id, waiting.payer) as items_n
from lone
cross join steps
inner join waiting
    on lone.tenant_id = waiting.tenant_id
    and lone.leg = waiting.leg
    and lone.bank_day_number + steps.step = waiting.bank_day_number
    and lone.amount_paise >= waiting.amount_paise
where lone.leg <> 'L4' or lone.bank_account_id = waiting.payer
