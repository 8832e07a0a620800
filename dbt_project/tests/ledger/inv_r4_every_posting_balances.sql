-- INV-R4: debits are credits in every posting, branch and day; so they are in every branch, on every day and in all.
select
    tenant_id,
    entry_group,
    branch_id,
    business_date,
    sum(case side when 'D' then amount_paise else -amount_paise end) as off_paise
from {{ ref('fct_ledger_entry') }}
group by tenant_id, entry_group, branch_id, business_date
having sum(case side when 'D' then amount_paise else -amount_paise end) <> 0
