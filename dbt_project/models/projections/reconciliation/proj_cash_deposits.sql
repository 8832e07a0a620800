-- a slip stands on one stream per session that it takes to the bank
select
    tenant_id,
    'L4:deposit:' || bank_account_id || '/' || deposit_slip_no as item_id,
    bank_account_id,
    deposit_slip_no,
    case when min(branch_id) = max(branch_id) then min(branch_id) else '-1' end as branch_id,
    min(deposited_on) as deposited_on,
    {{ sum_paise('amount_paise') }} as amount_paise,
    count(*) as sessions_n,
    min(recorded_at) as recorded_at,
    {{ seq_list('seq') }} as seqs
from {{ ref('stg_cash_session') }}
where event_type = 'CashDeposited'
group by tenant_id, bank_account_id, deposit_slip_no
