{{ config(materialized='view', database='workings') }}

with events as (
    select
        moved.*,
        drawers.branch_id as drawer_branch_id,
        {{ business_date('moved.occurred_at', 'tenants.utc_offset_minutes') }} as business_date
    from {{ ref('stg_cash_session') }} as moved
    inner join {{ ref('proj_tenants') }} as tenants on moved.tenant_id = tenants.tenant_id
    inner join {{ ref('fct_cash_session') }} as drawers
        on moved.tenant_id = drawers.tenant_id and moved.aggregate_id = drawers.cash_session_id
),

-- sales and refunds in cash are posted by the payment; here is what only a drawer knows
moves as (
    select
        events.*,
        case
            when previous_retained_paise is null then 'drawer_opened'
            when opening_float_paise > previous_retained_paise then 'drawer_over'
            else 'drawer_short'
        end as posting,
        abs(opening_float_paise - coalesce(previous_retained_paise, 0)) as moved_paise
    from events
    where event_type = 'CashSessionOpened'
    union all
    select
        events.*,
        case kind when 'petty_expense' then 'petty_spent' when 'float_in' then 'float_added' else 'cash_dropped' end,
        amount_paise
    from events
    where event_type = 'CashMovementRecorded' and kind in ('petty_expense', 'float_in', 'bank_drop')
    union all
    select events.*, case when variance_paise < 0 then 'drawer_short' else 'drawer_over' end, abs(variance_paise)
    from events
    where event_type = 'CashSessionClosed'
    union all
    select events.*, 'cash_dropped', drop_paise
    from events
    where event_type = 'CashSessionClosed'
)

select
    tenant_id,
    seq as source_seq,
    drawer_branch_id as branch_id,
    posting,
    business_date,
    occurred_at,
    recorded_at,
    aggregate_id as source_ref,
    moved_paise as amount_paise
from moves
