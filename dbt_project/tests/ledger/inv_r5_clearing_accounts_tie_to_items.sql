-- INV-R5: what stands in a clearing account is what its recon items leave open, to the paisa.
with told as (
    -- a batch's debt, a slip and a transfer of several branches belong to none of them: those accounts tie as a whole
    select
        tenant_id,
        account,
        case when account in ('1110', '1230', '1240') then 'all' else branch_id end as branch_id,
        standing_paise - resolved_paise as balance_paise
    from {{ ref('fct_recon_standing') }}
    where account <> '1230'

    union all
    select tenant_id, '1230', 'all', credit_paise - debit_paise
    from {{ ref('fct_settlement_line') }}
    where is_settled
    union all
    select tenant_id, '1230', 'all', -right_paise
    from {{ ref('fct_recon_item') }}
    where kind = 'batch'
    union all
    select tenant_id, '1230', 'all', -resolved_paise
    from {{ ref('fct_recon_standing') }}
    where account = '1230'
    union all
    select items.tenant_id, '1230', 'all', lines.debit_paise - lines.credit_paise
    from {{ ref('fct_recon_standing') }} as items
    inner join {{ ref('fct_settlement_line') }} as lines
        on items.tenant_id = lines.tenant_id and items.item_id = lines.item_id
    where items.resolution_state = 'applied' and items.resolution = 'ignore_test' and items.kind = 'line'

    union all
    -- what is owed to customers for money that nobody knew
    select tenant_id, '1225', branch_id, resolved_paise
    from {{ ref('fct_recon_standing') }}
    where resolution_state = 'applied' and resolution = 'refund_customer'

    union all
    -- cash that left its drawer and is on no slip yet
    select tenant_id, '1110', 'all', coalesce(drop_paise, 0) + bank_drop_paise - deposited_paise
    from {{ ref('fct_cash_session') }}

    union all
    -- what should be in the drawers: of open ones what they took so far, of the others what was left in them
    select tenant_id, '1100', branch_id, expected_paise
    from {{ ref('fct_cash_session') }}
    where state <> 'closed'
    union all
    select closed.tenant_id, '1100', closed.branch_id, closed.retained_float_paise
    from {{ ref('fct_cash_session') }} as closed
    left join {{ ref('fct_cash_session') }} as later
        on closed.tenant_id = later.tenant_id
        and closed.branch_id = later.branch_id
        and closed.drawer_id = later.drawer_id
        and closed.first_seq < later.first_seq
    where closed.state = 'closed' and later.cash_session_id is null
    union all
    -- cash of other systems went through no drawer of ours
    select tenant_id, '1100', branch_id, captured_paise - reversed_paise
    from {{ ref('fct_payment') }}
    where channel = 'drawer' and cash_session_id is null
    union all
    select tenant_id, '1100', branch_id, -amount_paise
    from {{ ref('fct_refund') }}
    where state = 'processed' and destination = 'cash' and cash_session_id is null
),

told_sums as (
    select tenant_id, account, branch_id, sum(balance_paise) as balance_paise
    from told
    group by tenant_id, account, branch_id
),

ledger as (
    select
        tenant_id,
        account,
        case when account in ('1110', '1230', '1240') then 'all' else branch_id end as branch_id,
        sum(case side when 'D' then amount_paise else -amount_paise end) as balance_paise
    from {{ ref('fct_ledger_entry') }}
    where account in ('1100', '1110', '1200', '1210', '1220', '1225', '1230', '1240', '1250', '2900', '2910')
    group by tenant_id, account, case when account in ('1110', '1230', '1240') then 'all' else branch_id end
)

select
    coalesce(ledger.tenant_id, told_sums.tenant_id) as tenant_id,
    coalesce(ledger.account, told_sums.account) as account,
    coalesce(ledger.branch_id, told_sums.branch_id) as branch_id,
    ledger.balance_paise as ledger_paise,
    told_sums.balance_paise as items_paise
from ledger
full outer join told_sums
    on ledger.tenant_id = told_sums.tenant_id
    and ledger.account = told_sums.account
    and ledger.branch_id = told_sums.branch_id
where coalesce(ledger.balance_paise, 0) <> coalesce(told_sums.balance_paise, 0)
