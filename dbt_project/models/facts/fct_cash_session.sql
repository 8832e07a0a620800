select
    sessions.tenant_id,
    sessions.cash_session_id,
    coalesce(branches.branch_id, '-1') as branch_id,
    coalesce(branches.city_id, '-1') as city_id,
    sessions.drawer_id,
    sessions.state,
    sessions.business_date,
    sessions.opened_at,
    sessions.closed_at,
    sessions.opening_float_paise,
    sessions.previous_retained_paise,
    sessions.sale_in_paise,
    sessions.float_in_paise,
    sessions.refund_out_paise,
    sessions.petty_paise,
    sessions.bank_drop_paise,
    sessions.expected_paise,
    sessions.counted_paise,
    sessions.variance_paise,
    sessions.drop_paise,
    sessions.retained_float_paise,
    sessions.deposited_paise,
    sessions.first_seq,
    sessions.last_seq
from {{ ref('proj_cash_session') }} as sessions
left join {{ ref('dim_branch') }} as branches
    on sessions.tenant_id = branches.tenant_id
    and sessions.branch_id = branches.branch_id
    and sessions.opened_at >= branches.valid_from
    and sessions.opened_at < branches.valid_to
