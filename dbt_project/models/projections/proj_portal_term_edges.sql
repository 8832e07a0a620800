{% set ever = "cast('1970-01-01 00:00:00+00' as timestamp with time zone)" -%}
with offered as (
    select distinct
        schedules.tenant_id,
        schedules.aggregate_id as schedule_id,
        schedules.branch_id,
        schedules.practitioner_id,
        services.service_id
    from {{ ref('stg_schedule') }} as schedules
    -- the ids land as one JSON text; they are quoted there, so one is never found inside another
    inner join {{ ref('stg_tenant') }} as services
        on schedules.tenant_id = services.tenant_id
        and services.event_type = 'ServiceDefined'
        and position('"' || services.service_id || '"' in schedules.service_ids) > 0
    where schedules.event_type = 'SchedulePublished'
),

-- from when on something else may hold
edges as (
    select offered.*, {{ ever }} as from_at from offered

    union

    select offered.*, prices.effective_from as from_at
    from offered
    inner join {{ ref('proj_price_catalog') }} as prices
        on offered.tenant_id = prices.tenant_id and offered.service_id = prices.service_id

    union

    select offered.*, prices.effective_to as from_at
    from offered
    inner join {{ ref('proj_price_catalog') }} as prices
        on offered.tenant_id = prices.tenant_id and offered.service_id = prices.service_id
    where prices.effective_to is not null

    union

    select offered.*, deposits.valid_from as from_at
    from offered
    inner join {{ ref('proj_policy_versions') }} as deposits
        on offered.tenant_id = deposits.tenant_id and deposits.kind = 'deposit'

    union

    select offered.*, deposits.valid_to as from_at
    from offered
    inner join {{ ref('proj_policy_versions') }} as deposits
        on offered.tenant_id = deposits.tenant_id and deposits.kind = 'deposit'
    where deposits.valid_to < {{ end_of_time() }}

    union

    select offered.*, {{ local_midnight('cities.from_on', 'tenants.utc_offset_minutes') }} as from_at
    from offered
    inner join {{ ref('proj_tenants') }} as tenants on offered.tenant_id = tenants.tenant_id
    inner join {{ ref('proj_branch_cities') }} as cities
        on offered.tenant_id = cities.tenant_id and offered.branch_id = cities.branch_id
    where cities.from_on > cast({{ start_of_time() }} as date)
)

select edges.*, cities.city_id
from edges
inner join {{ ref('proj_tenants') }} as tenants on edges.tenant_id = tenants.tenant_id
left join {{ ref('proj_branch_cities') }} as cities
    on edges.tenant_id = cities.tenant_id
    and edges.branch_id = cities.branch_id
    and {{ business_date('edges.from_at', 'tenants.utc_offset_minutes') }} >= cities.from_on
    and {{ business_date('edges.from_at', 'tenants.utc_offset_minutes') }} < cities.to_on
