-- a change is looked at when both its windows are over: four weeks before it and four weeks from it on
with changes as (
    select * from {{ ref('fct_price_change') }} where as_of_date >= {{ add_days('effective_on', 28) }}
),

cities as (
    select distinct tenant_id, city_id from {{ ref('dim_branch') }} where branch_id <> '-1'
),

-- the place that changed, and the tenant's other cities in which nothing did
sides as (
    select tenant_id, price_change_id, 'own' as side, city_id as side_city_id
    from changes

    union all

    select changes.tenant_id, changes.price_change_id, 'control' as side, cities.city_id as side_city_id
    from changes
    inner join cities on changes.tenant_id = cities.tenant_id and changes.city_id <> cities.city_id
    left join {{ ref('fct_price_change') }} as other
        on cities.tenant_id = other.tenant_id
        and cities.city_id = other.city_id
        and other.level = 'city'
        and changes.service_id = other.service_id
        and changes.visit_type = other.visit_type
        and other.effective_on >= {{ add_days('changes.effective_on', -28) }}
        and other.effective_on < {{ add_days('changes.effective_on', 28) }}
    where other.price_change_id is null
)

select
    changes.tenant_id,
    changes.price_change_id,
    sides.side,
    case when days.day_on < changes.effective_on then 'before' else 'after' end as half,
    {{ sum_paise('days.bookings_n') }} as bookings_n,
    {{ sum_paise('days.price_sum_paise') }} as price_sum_paise,
    count(distinct case when days.available_minutes > 0 then days.city_id || '/' || cast(days.day_on as varchar) end)
        as open_days_n,
    {{ sum_paise('days.available_minutes') }} as available_minutes,
    {{ sum_paise('days.booked_parts') }} as booked_parts,
    {{ sum_paise('days.lines_n') }} as lines_n,
    {{ sum_paise('days.discounted_lines_n') }} as discounted_lines_n
from changes
inner join sides on changes.tenant_id = sides.tenant_id and changes.price_change_id = sides.price_change_id
inner join {{ ref('fct_price_day') }} as days
    on changes.tenant_id = days.tenant_id
    and sides.side_city_id = days.city_id
    and changes.specialty_id = days.specialty_id
    and days.service_id in ('-', changes.service_id)
    and days.visit_type in ('-', changes.visit_type)
    and (sides.side = 'control' or changes.branch_id in ('-', days.branch_id))
    and (sides.side = 'control' or changes.practitioner_id in ('-', days.practitioner_id))
    and days.day_on >= {{ add_days('changes.effective_on', -28) }}
    and days.day_on < {{ add_days('changes.effective_on', 28) }}
group by
    changes.tenant_id, changes.price_change_id, sides.side,
    case when days.day_on < changes.effective_on then 'before' else 'after' end
