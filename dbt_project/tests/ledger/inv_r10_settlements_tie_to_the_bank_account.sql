-- INV-R10: what gateways settled = what the bank got of it + what still stands in clearing, line by line and in the books.
with settled as (
    select tenant_id, sum(credit_paise - debit_paise) as settled_paise
    from {{ ref('fct_settlement_line') }}
    where is_settled
    group by tenant_id
),

ledger as (
    select
        tenant_id,
        sum(case when account = '1230' and posting not like 'payout%' then signed_paise else 0 end) as cleared_paise,
        sum(case when account = '1300' and posting like 'payout%' then signed_paise else 0 end) as bank_paise,
        sum(case when account = '1230' then signed_paise else 0 end) as clearing_paise,
        -- people took it out of clearing: money that will never come, or was never there
        sum(
            case
                when account = '1230' and posting in ('write_off', 'link', 'ignore_test', 'refund_customer')
                    then signed_paise
                else 0
            end
        ) as resolved_paise
    from (
        select tenant_id, account, posting, case side when 'D' then amount_paise else -amount_paise end as signed_paise
        from {{ ref('fct_ledger_entry') }}
        where account in ('1230', '1300')
    ) as legs
    group by tenant_id
)

select ledger.*, settled.settled_paise
from ledger
full outer join settled on ledger.tenant_id = settled.tenant_id
where
    coalesce(settled.settled_paise, 0) <> coalesce(ledger.cleared_paise - ledger.resolved_paise, 0)
    or coalesce(settled.settled_paise, 0) <> coalesce(ledger.bank_paise + ledger.clearing_paise - ledger.resolved_paise, 0)
