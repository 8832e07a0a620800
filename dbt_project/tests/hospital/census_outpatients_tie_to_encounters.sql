-- Every outpatient who was seen before the last midnight is on one line of the census.
with seen as (
    select encounters.tenant_id, count(*) as visits_n
    from {{ ref('fct_encounter') }} as encounters
    inner join {{ ref('dim_tenant') }} as tenants on encounters.tenant_id = tenants.tenant_id
    where
        not encounters.is_error
        and encounters.status <> 'cancelled'
        and {{ first_midnight('encounters.started_at', 'tenants.utc_offset_minutes') }} <= tenants.as_of_date
    group by encounters.tenant_id
),

told as (
    select tenant_id, sum(opd_visits_n) as visits_n
    from {{ ref('mart_census') }}
    group by tenant_id
)

select coalesce(seen.tenant_id, told.tenant_id) as tenant_id, seen.visits_n, told.visits_n as told_n
from seen
full outer join told on seen.tenant_id = told.tenant_id
where coalesce(seen.visits_n, 0) <> coalesce(told.visits_n, 0)
