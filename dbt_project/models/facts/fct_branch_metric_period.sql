with slices as (
    {% for kind in ['week', 'month'] -%}
    select
        metrics.tenant_id,
        '{{ kind }}' as period_kind,
        dates.{{ kind }}_start_on as period_start_on,
        metrics.branch_id,
        metrics.specialty_id,
        metrics.metric,
        sum(metrics.numerator) as num,
        sum(metrics.denominator) as den,
        sum(metrics.units) as units,
        max(metrics.last_seq) as last_seq
    from {{ ref('fct_branch_metric') }} as metrics
    inner join {{ ref('dim_date') }} as dates
        on metrics.tenant_id = dates.tenant_id and metrics.business_date = dates.date_on
    group by
        metrics.tenant_id, dates.{{ kind }}_start_on, metrics.branch_id, metrics.specialty_id, metrics.metric
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

{% set period = 'tenant_id, period_kind, period_start_on, metric' -%}
-- what the branch would have with its own mix of specialties and the chain's rate in each
mixed as (
    select
        slices.*,
        cast(den as double precision) * sum(num) over (partition by {{ period }}, specialty_id)
        / nullif(sum(den) over (partition by {{ period }}, specialty_id), 0) as expected_num
    from slices
),

-- sums of floats in a stated order: two builds of the same events give the same last digit
running as (
    select
        mixed.*,
        sum(expected_num) over (
            partition by {{ period }}, branch_id order by specialty_id
            rows between unbounded preceding and current row
        ) as expected_so_far,
        row_number() over (partition by {{ period }}, branch_id order by specialty_id desc) as from_last
    from mixed
),

branches as (
    select
        {{ period }},
        branch_id,
        cast(sum(num) as bigint) as branch_num,
        cast(sum(den) as bigint) as branch_den,
        cast(sum(units) as bigint) as units,
        max(case when from_last = 1 then expected_so_far end) as expected_num,
        max(last_seq) as last_seq
    from running
    group by {{ period }}, branch_id
)

select * from branches
