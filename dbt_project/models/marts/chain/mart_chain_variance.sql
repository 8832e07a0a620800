{% set period = 'tenant_id, period_kind, period_start_on, metric' -%}
with chain as (
    select
        metrics.*,
        {{ rate('branch_num', 'branch_den') }} as branch_value,
        cast(sum(branch_num) over (partition by {{ period }}) as bigint) as chain_num,
        cast(sum(branch_den) over (partition by {{ period }}) as bigint) as chain_den
    from {{ ref('fct_branch_metric_period') }} as metrics
),

periods as (
    select
        chain.*,
        case
            when period_kind = 'week' then {{ add_days('period_start_on', '7') }}
            else cast({{ dbt.dateadd('month', 1, 'period_start_on') }} as date)
        end as period_end_on
    from chain
),

-- a branch that opened or closed inside the period counts for the chain, but is not ranked
judged as (
    select
        periods.*,
        {{ rate('chain_num', 'chain_den') }} as chain_value,
        periods.expected_num / nullif(periods.branch_den, 0) as expected_mix_adjusted,
        coalesce(
            branches.opened_on > periods.period_start_on or branches.closed_on < periods.period_end_on, false
        ) as is_partial,
        -- where the branch was at the end of the period; before it opened, where it opened
        coalesce(places.city_id, branches.city_id) as city_id
    from periods
    inner join {{ ref('dim_tenant') }} as tenants on periods.tenant_id = tenants.tenant_id
    inner join {{ ref('dim_branch') }} as branches
        on periods.tenant_id = branches.tenant_id and periods.branch_id = branches.branch_id and branches.is_current
    left join {{ ref('dim_branch') }} as places
        on periods.tenant_id = places.tenant_id
        and periods.branch_id = places.branch_id
        and {{ local_midnight('periods.period_end_on', 'tenants.utc_offset_minutes') }} > places.valid_from
        and {{ local_midnight('periods.period_end_on', 'tenants.utc_offset_minutes') }} <= places.valid_to
),

ranked as (
    select
        judged.*,
        case when not is_partial then branch_value end as ranked_value,
        case
            when
                metric in (
                    'noshow_rate', 'cancel_rate_patient', 'discount_rate', 'refund_rate', 'recon_variance_bps'
                )
                then 1
            else -1
        end as direction
    from judged
),

-- sums of floats in a stated order: two builds of the same events give the same last digit
compared as (
    select
        ranked.*,
        count(ranked_value) over (partition by {{ period }}) as n_branches,
        avg(ranked_value) over (
            partition by {{ period }} order by branch_id rows between unbounded preceding and unbounded following
        ) as mean_value,
        stddev_pop(ranked_value) over (
            partition by {{ period }} order by branch_id rows between unbounded preceding and unbounded following
        ) as sd_value,
        dense_rank() over (
            partition by {{ period }}, case when ranked_value is null then 1 else 0 end
            order by ranked_value * direction
        ) as place
    from ranked
)

select
    tenant_id,
    period_kind,
    period_start_on,
    branch_id,
    city_id,
    metric,
    branch_num,
    branch_den,
    branch_value,
    chain_num,
    chain_den,
    chain_value,
    branch_value - chain_value as variance_abs,
    (branch_value - chain_value) / nullif(chain_value, 0) as variance_pct,
    expected_mix_adjusted,
    branch_value - expected_mix_adjusted as variance_mix_adjusted,
    case when n_branches >= 3 then (ranked_value - mean_value) / nullif(sd_value, 0) end as z,
    case when ranked_value is not null then place end as rank,
    n_branches,
    units < 30 as is_small_n,
    is_partial,
    last_seq
from compared
