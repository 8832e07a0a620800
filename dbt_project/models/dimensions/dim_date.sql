with seen as (
    select tenant_id, min(occurred_at) as first_at from {{ ref('stg_tenant') }} group by tenant_id
    union all
    select tenant_id, min(occurred_at) as first_at from {{ ref('stg_appointment') }} group by tenant_id
    union all
    select tenant_id, least(min(occurred_at), min(captured_at)) as first_at
    from {{ ref('stg_payment') }}
    group by tenant_id
),

-- a year before the first fact, two after the last: files name earlier days, bookings and due dates later ones
spans as (
    select
        tenants.tenant_id,
        extract(year from min(seen.first_at)) - 1 as first_year,
        extract(year from max(tenants.as_of)) + 2 as last_year
    from {{ ref('proj_tenants') }} as tenants
    inner join seen on tenants.tenant_id = seen.tenant_id
    group by tenants.tenant_id
),

settings as (
    select tenant_id, max(seq) as calendar_seq
    from {{ ref('stg_tenant') }}
    where patch_calendar_holidays is not null
    group by tenant_id
),

holidays as (
    select settings.tenant_id, changes.patch_calendar_holidays as dates
    from settings
    inner join {{ ref('stg_tenant') }} as changes
        on settings.tenant_id = changes.tenant_id and settings.calendar_seq = changes.seq
),

days as (
    select
        generated_number - 1 as day_number,
        {{ add_days("cast('1799-12-30' as date)", 'generated_number - 1') }} as date_on
    from ({{ dbt.generate_series(146463) }}) as numbers
),

-- day 0 was a Monday; every year that an event may name is there
named as (
    select
        spans.tenant_id,
        days.date_on,
        cast(mod(days.day_number, 7) + 1 as integer) as dow,
        cast(extract(year from days.date_on) as integer) as year,
        cast(extract(month from days.date_on) as integer) as month,
        cast(extract(day from days.date_on) as integer) as day,
        {{ add_days('days.date_on', '-mod(days.day_number, 7)') }} as week_start_on,
        coalesce(holidays.dates like '%"' || cast(days.date_on as varchar) || '"%', false) as is_bank_holiday
    from spans
    inner join days on extract(year from days.date_on) between spans.first_year and spans.last_year
    left join holidays on spans.tenant_id = holidays.tenant_id
),

banking as (
    select
        named.*,
        named.dow = 6 and (named.day between 8 and 14 or named.day between 22 and 28) as is_second_fourth_saturday
    from named
)

select
    tenant_id,
    date_on,
    dow,
    week_start_on,
    {{ add_days('date_on', '1 - day') }} as month_start_on,
    year,
    month,
    case when month >= 4 then {{ fiscal_year('year') }} else {{ fiscal_year('year - 1') }} end as fiscal_year,
    case when month >= 10 then 3 when month >= 7 then 2 when month >= 4 then 1 else 4 end as fiscal_quarter,
    dow >= 6 as is_weekend,
    is_second_fourth_saturday,
    is_bank_holiday,
    dow <> 7 and not is_second_fourth_saturday and not is_bank_holiday as is_bank_day,
    cast(
        sum(case when dow = 7 or is_second_fourth_saturday or is_bank_holiday then 0 else 1 end)
            over (partition by tenant_id order by date_on rows between unbounded preceding and current row)
        as bigint
    ) as bank_day_number
from banking
