-- Cash is evidenced by the count of its drawer: what is in drawers not yet closed is on its way.
with moves as (
    select
        tenant_id,
        business_date,
        branch_id,
        cash_session_id,
        captured_paise - reversed_paise as amount_paise
    from {{ ref('fct_payment') }}
    where channel = 'drawer' and captured_seq is not null
    union all
    select tenant_id, processed_on, branch_id, cash_session_id, -amount_paise
    from {{ ref('fct_refund') }}
    where destination = 'cash' and state = 'processed'
),

takings as (
    select
        moves.tenant_id,
        moves.business_date,
        moves.branch_id,
        moves.amount_paise as expected_paise,
        case when coalesce(sessions.state, 'open') = 'closed' then 0 else moves.amount_paise end as in_transit_paise,
        cast(0 as bigint) as variance_paise,
        cast(null as varchar) as status,
        cast(null as bigint) as age_days
    from moves
    left join {{ ref('fct_cash_session') }} as sessions
        on moves.tenant_id = sessions.tenant_id and moves.cash_session_id = sessions.cash_session_id
    union all
    select tenant_id, business_date, branch_id, 0, 0, variance_paise, status, age_days
    from {{ ref('fct_recon_item') }}
    where kind = 'session'
)

select
    tenant_id,
    business_date,
    branch_id,
    'drawer' as channel,
    'cash' as mode,
    {{ sum_paise('expected_paise') }} as expected_paise,
    {{ sum_paise('expected_paise - in_transit_paise + variance_paise') }} as evidenced_paise,
    {{ sum_paise('in_transit_paise') }} as in_transit_paise,
    {{ sum_paise('-variance_paise', 'variance_paise < 0') }} as cash_short_paise,
    {{ sum_paise('variance_paise', 'variance_paise > 0') }} as cash_over_paise,
    {{ count_if("status in ('expected', 'mismatched')") }} as open_items_n,
    max(case when status in ('expected', 'mismatched') then age_days end) as oldest_age_days,
    {{ sum_paise('abs(variance_paise)', "status = 'resolved'") }} as resolved_paise
from takings
group by tenant_id, business_date, branch_id
