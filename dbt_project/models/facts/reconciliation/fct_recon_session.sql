with closings as (
    select tenant_id, aggregate_id as cash_session_id, recorded_at, seq
    from {{ ref('stg_cash_session') }}
    where event_type = 'CashSessionClosed'
)

select
    drawers.tenant_id,
    'L4:session:' || drawers.cash_session_id as item_id,
    'L4' as leg,
    'session' as kind,
    case
        when drawers.counted_paise = drawers.expected_paise then 'cash_balanced'
        when drawers.counted_paise < drawers.expected_paise then 'cash_short'
        else 'cash_over'
    end as class,
    drawers.cash_session_id as left_ref,
    drawers.cash_session_id as right_ref,
    drawers.branch_id,
    'drawer' as channel,
    'cash' as mode,
    drawers.business_date,
    drawers.business_date as due_on,
    drawers.expected_paise as left_paise,
    drawers.counted_paise as right_paise,
    least(drawers.expected_paise, drawers.counted_paise) as matched_paise,
    greatest(drawers.counted_paise - drawers.expected_paise, 0) as excess_paise,
    case
        when drawers.counted_paise <> drawers.expected_paise
            then 'count is off by ' || cast(drawers.counted_paise - drawers.expected_paise as varchar) || ' paise'
    end as rule_missed,
    {{ business_date('closings.recorded_at', 'tenants.utc_offset_minutes') }} as opened_on,
    drawers.business_date as aged_from_on,
    cast(drawers.first_seq as varchar) || ',' || cast(closings.seq as varchar) as source_seqs
from {{ ref('fct_cash_session') }} as drawers
inner join {{ ref('proj_tenants') }} as tenants on drawers.tenant_id = tenants.tenant_id
inner join closings
    on drawers.tenant_id = closings.tenant_id and drawers.cash_session_id = closings.cash_session_id
