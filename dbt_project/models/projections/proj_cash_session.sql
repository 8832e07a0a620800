{{ config(database=target.database) }}

with sums as (
    select
        tenant_id,
        aggregate_id as cash_session_id,
        max(branch_id) as branch_id,
        max(drawer_id) as drawer_id,
        max(case when event_type = 'CashSessionOpened' then actor_id end) as opened_by,
        max(case when event_type = 'CashSessionOpened' then occurred_at end) as opened_at,
        max(case when event_type = 'CashSessionClosed' then occurred_at end) as closed_at,
        {{ sum_paise('opening_float_paise') }} as opening_float_paise,
        max(previous_retained_paise) as previous_retained_paise,
        {{ sum_paise('amount_paise', "kind = 'sale_in'") }} as sale_in_paise,
        {{ sum_paise('amount_paise', "kind = 'refund_out'") }} as refund_out_paise,
        {{ sum_paise('amount_paise', "kind = 'petty_expense'") }} as petty_paise,
        {{ sum_paise('amount_paise', "kind = 'float_in'") }} as float_in_paise,
        {{ sum_paise('amount_paise', "kind = 'bank_drop'") }} as bank_drop_paise,
        max(case when event_type = 'CashDrawerCounted' then seq end) as counted_seq,
        max(case when event_type = 'CashSessionClosed' then seq end) as closed_seq,
        {{ sum_paise('amount_paise', "event_type = 'CashDeposited'") }} as deposited_paise,
        min(seq) as first_seq,
        max(seq) as last_seq
    from {{ ref('stg_cash_session') }}
    group by tenant_id, aggregate_id
)

select
    sums.tenant_id,
    sums.cash_session_id,
    sums.branch_id,
    cities.city_id,
    sums.drawer_id,
    sums.opened_by,
    sums.opened_at,
    sums.closed_at,
    {{ business_date('sums.opened_at', 'tenants.utc_offset_minutes') }} as business_date,
    sums.opening_float_paise,
    sums.previous_retained_paise,
    sums.sale_in_paise,
    sums.refund_out_paise,
    sums.petty_paise,
    sums.float_in_paise,
    sums.bank_drop_paise,
    sums.opening_float_paise + sums.sale_in_paise + sums.float_in_paise
    - sums.refund_out_paise - sums.petty_paise - sums.bank_drop_paise as expected_paise,
    counted.counted_paise,
    closed.variance_paise,
    closed.drop_paise,
    closed.retained_float_paise,
    case
        when closed.seq is not null then 'closed'
        when counted.seq is not null then 'counted'
        else 'open'
    end as state,
    sums.deposited_paise,
    sums.first_seq,
    sums.last_seq
from sums
inner join {{ ref('proj_tenants') }} as tenants on sums.tenant_id = tenants.tenant_id
left join {{ ref('stg_cash_session') }} as counted
    on sums.tenant_id = counted.tenant_id and sums.counted_seq = counted.seq
left join {{ ref('stg_cash_session') }} as closed
    on sums.tenant_id = closed.tenant_id and sums.closed_seq = closed.seq
left join {{ ref('proj_branch_cities') }} as cities
    on sums.tenant_id = cities.tenant_id
    and sums.branch_id = cities.branch_id
    and {{ business_date('sums.opened_at', 'tenants.utc_offset_minutes') }} >= cities.from_on
    and {{ business_date('sums.opened_at', 'tenants.utc_offset_minutes') }} < cities.to_on
