-- Each month's trial balance is zero in every branch, and the last one is the whole ledger.
with months as (
    select
        tenant_id,
        branch_id,
        as_of_month,
        sum(debit_paise) as debit_paise,
        sum(credit_paise) as credit_paise,
        row_number() over (partition by tenant_id, branch_id order by as_of_month desc) as place
    from {{ ref('mart_trial_balance') }}
    group by tenant_id, branch_id, as_of_month
),

ledger as (
    select tenant_id, branch_id, sum(case side when 'D' then amount_paise else 0 end) as debit_paise
    from {{ ref('fct_ledger_entry') }}
    group by tenant_id, branch_id
)

select months.*
from months
left join ledger on months.tenant_id = ledger.tenant_id and months.branch_id = ledger.branch_id
where
    months.debit_paise <> months.credit_paise
    or (months.place = 1 and months.debit_paise <> coalesce(ledger.debit_paise, 0))
