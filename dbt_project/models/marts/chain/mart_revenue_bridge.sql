{% set key = 'tenant_id, period_kind, period_start_on, level, branch_id' -%}
with sold as (
    {% for kind in ['week', 'month'] -%}
    select
        lines.tenant_id,
        '{{ kind }}' as period_kind,
        dates.{{ kind }}_start_on as period_start_on,
        lines.branch_id,
        lines.service_id,
        sum(lines.qty) as units,
        sum(lines.taxable_paise) as revenue,
        max(lines.source_seq) as last_seq
    from {{ ref('fct_invoice_line') }} as lines
    inner join {{ ref('dim_date') }} as dates
        on lines.tenant_id = dates.tenant_id and lines.business_date = dates.date_on
    group by lines.tenant_id, dates.{{ kind }}_start_on, lines.branch_id, lines.service_id
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

levels as (
    select 'branch' as level, sold.* from sold

    union all

    select
        'tenant' as level, tenant_id, period_kind, period_start_on, '-1' as branch_id, service_id,
        sum(units) as units, sum(revenue) as revenue, max(last_seq) as last_seq
    from sold
    group by tenant_id, period_kind, period_start_on, service_id
),

-- each period beside the one before it
sides as (
    select
        {{ key }}, service_id, 0 as q0, units as q1, 0 as r0, revenue as r1, last_seq
    from levels

    union all

    select
        tenant_id, period_kind,
        case
            when period_kind = 'week' then {{ add_days('period_start_on', '7') }}
            else cast({{ dbt.dateadd('month', 1, 'period_start_on') }} as date)
        end as period_start_on,
        level, branch_id, service_id, units as q0, 0 as q1, revenue as r0, 0 as r1, last_seq
    from levels
),

services as (
    select
        {{ key }}, service_id, cast(sum(q0) as bigint) as q0, cast(sum(q1) as bigint) as q1,
        cast(sum(r0) as bigint) as r0, cast(sum(r1) as bigint) as r1, max(last_seq) as last_seq,
        sum(q0) > 0 and sum(q1) > 0 as continues
    from sides
    group by {{ key }}, service_id
),

spans as (
    select tenant_id, period_kind, min(period_start_on) as first_on, max(period_start_on) as last_on
    from sold
    group by tenant_id, period_kind
),

sums as (
    select
        {{ key }},
        {{ sum_paise('q0') }} as units_previous,
        {{ sum_paise('q1') }} as units,
        {{ sum_paise('r0') }} as revenue_previous_paise,
        {{ sum_paise('r1') }} as revenue_paise,
        {{ sum_paise('q0', 'continues') }} as kept_q0,
        {{ sum_paise('q1', 'continues') }} as kept_q1,
        {{ sum_paise('r0', 'continues') }} as kept_r0,
        {{ sum_paise('r1', 'q0 <= 0') }} as new_paise,
        -{{ sum_paise('r0', 'q1 <= 0') }} as discontinued_paise,
        -- the sum of q1 * r0 / q0 in whole paise, and its fractions to nine digits
        {{ sum_paise('r1 - ' ~ whole_division('q1 * r0', 'q0'), 'continues') }} as price_floor,
        round(coalesce(
            sum(case when continues then cast(mod(q1 * r0, q0) as double precision) / q0 end), 0
        ), 9) as price_excess,
        {{ count_if('continues') }} as services_n,
        max(last_seq) as last_seq
    from services
    group by {{ key }}
),

rounded as (
    select
        sums.*,
        coalesce({{ rounded_division('(kept_q1 - kept_q0) * kept_r0', 'kept_q0') }}, 0) as volume_paise,
        price_floor - cast(case
            when price_floor >= price_excess then ceil(price_excess - 0.5)
            else floor(price_excess + 0.5)
        end as bigint) as price_paise
    from sums
)

select
    rounded.tenant_id,
    rounded.period_kind,
    rounded.period_start_on,
    rounded.level,
    rounded.branch_id,
    rounded.units_previous,
    rounded.units,
    rounded.services_n,
    rounded.revenue_previous_paise,
    rounded.revenue_paise,
    rounded.revenue_paise - rounded.revenue_previous_paise as change_paise,
    rounded.volume_paise,
    -- what is left, so that the parts always add up to the change
    rounded.revenue_paise - rounded.revenue_previous_paise - rounded.volume_paise - rounded.price_paise
    - rounded.new_paise - rounded.discontinued_paise as mix_paise,
    rounded.price_paise,
    rounded.new_paise,
    rounded.discontinued_paise,
    case
        when rounded.period_kind = 'week' then {{ add_days('rounded.period_start_on', '7') }}
        else cast({{ dbt.dateadd('month', 1, 'rounded.period_start_on') }} as date)
    end <= tenants.as_of_date as is_complete,
    rounded.last_seq
from rounded
inner join {{ ref('dim_tenant') }} as tenants on rounded.tenant_id = tenants.tenant_id
inner join spans on rounded.tenant_id = spans.tenant_id and rounded.period_kind = spans.period_kind
-- before the first period nothing is known, and the last one has no next yet
where rounded.period_start_on > spans.first_on and rounded.period_start_on <= spans.last_on
