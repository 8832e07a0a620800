{% set key = 'tenant_id, business_date, practitioner_id, branch_id, specialty_id, department_id' -%}
-- 232792560 is a multiple of every capacity from 1 to 20: with it, parts of a slot's minutes add up without rounding
with parts as (
    select
        {{ key }}, city_id, available_minutes, minutes * tokens_booked_at_start
        * {{ whole_division('232792560', 'capacity') }} as booked_units, 0 as worked_seconds, 0 as fulfilled,
        0 as list_price, 0 as net_revenue, 0 as forfeit_net, cast(null as bigint) as share_bps, last_seq
    from {{ ref('fct_slot') }}
    where available_minutes > 0

    union all

    select
        {{ key }}, city_id, 0, 0, duration_seconds, 0, 0, 0, 0, null, last_seq
    from {{ ref('fct_encounter') }}
    where status = 'finished' and not is_error

    union all

    select
        {{ key }}, city_id, 0, 0, 0, 1, coalesce(list_price_paise, 0), 0, 0, null, last_seq
    from {{ ref('fct_appointment') }}
    where final_status = 'fulfilled'

    union all

    select
        {{ key }}, city_id, 0, 0, 0, 0, 0, taxable_paise, 0, share_bps, source_seq
    from {{ ref('fct_invoice_line') }}

    union all

    select
        {{ key }}, city_id, 0, 0, 0, 0, 0, 0, net_paise, null, source_seq
    from {{ ref('fct_forfeit') }}
),

days as (
    select
        {{ key }},
        max(city_id) as city_id,
        cast(sum(available_minutes) as bigint) as available_minutes,
        cast(sum(booked_units) as double precision) / 232792560 as booked_minutes,
        cast(sum(worked_seconds) as bigint) as worked_seconds,
        cast(sum(fulfilled) as bigint) as fulfilled_n,
        {{ sum_paise('list_price') }} as list_price_paise,
        {{ sum_paise('net_revenue') }} as net_revenue_paise,
        {{ sum_paise('forfeit_net') }} as forfeit_net_paise,
        -- a role holds for whole days: within a row there is one share
        max(share_bps) as share_bps,
        max(last_seq) as last_seq
    from parts
    group by {{ key }}
),

published as (
    select
        days.*,
        sum(available_minutes) over (
            partition by tenant_id, business_date, practitioner_id, branch_id
        ) as minutes_of_day
    from days
)

select
    published.tenant_id,
    published.business_date,
    published.practitioner_id,
    published.branch_id,
    published.city_id,
    published.specialty_id,
    published.department_id,
    published.available_minutes,
    published.booked_minutes,
    published.worked_seconds,
    published.fulfilled_n,
    published.list_price_paise,
    published.net_revenue_paise,
    published.forfeit_net_paise,
    published.share_bps,
    coalesce({{ rounded_division('published.net_revenue_paise * published.share_bps', '10000') }}, 0)
        as practitioner_share_paise,
    case when published.minutes_of_day = 0 then published.net_revenue_paise else 0 end as off_schedule_revenue_paise,
    {{ rate('60 * published.net_revenue_paise', 'published.available_minutes') }} as yield_per_available_hour,
    {{ rate('3600 * published.net_revenue_paise', 'published.worked_seconds') }} as yield_per_worked_hour,
    {{ rate('published.booked_minutes', 'published.available_minutes') }} as fill_rate,
    {{ rate('published.net_revenue_paise', 'published.list_price_paise') }} as realisation,
    {{ rate('published.net_revenue_paise', 'published.fulfilled_n') }} as revenue_per_fulfilled,
    published.last_seq
from published
inner join {{ ref('dim_tenant') }} as tenants on published.tenant_id = tenants.tenant_id
-- what is published for days to come says nothing yet
where published.business_date <= tenants.as_of_date
