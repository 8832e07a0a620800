-- INV-R6: what patients have with us, are owed and owe, and what insurers owe, is what the facts say (INV-P1, INV-P3).
with told as (
    select tenant_id, '2100' as account, branch_id, -available_paise as balance_paise
    from {{ ref('fct_payment') }}
    union all
    select tenant_id, '2200', branch_id, -amount_paise
    from {{ ref('fct_refund') }}
    where is_reserved and state <> 'processed'
    union all
    select tenant_id, '1400', coalesce(branch_id, '-1'), outstanding_paise
    from {{ ref('proj_invoices') }}
    union all
    -- of a claim that was closed the residual has found its place: what a payer sends after that is too much
    select
        tenant_id,
        '1410',
        branch_id,
        case status when 'closed' then claimed_paise - settled_gross_paise - residual_paise else receivable_paise end
    from {{ ref('fct_claim') }}
    union all
    select tenant_id, '1415', branch_id, pending_paise
    from {{ ref('fct_claim') }}
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
        branch_id,
        sum(case side when 'D' then amount_paise else -amount_paise end) as balance_paise
    from {{ ref('fct_ledger_entry') }}
    where account in ('2100', '2200', '1400', '1410', '1415')
    group by tenant_id, account, branch_id
)

select
    coalesce(ledger.tenant_id, told_sums.tenant_id) as tenant_id,
    coalesce(ledger.account, told_sums.account) as account,
    coalesce(ledger.branch_id, told_sums.branch_id) as branch_id,
    ledger.balance_paise as ledger_paise,
    told_sums.balance_paise as facts_paise
from ledger
full outer join told_sums
    on ledger.tenant_id = told_sums.tenant_id
    and ledger.account = told_sums.account
    and ledger.branch_id = told_sums.branch_id
where coalesce(ledger.balance_paise, 0) <> coalesce(told_sums.balance_paise, 0)
