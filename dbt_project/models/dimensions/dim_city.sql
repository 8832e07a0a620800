with listed as (
    select tenants.tenant_id, cities.city_id, cities.name, cities.state_code, cities.tier
    from {{ ref('proj_tenants') }} as tenants
    cross join {{ ref('cities') }} as cities
),

-- a city that the reference list does not know yet: its branches must not wait for the list
named as (
    select tenant_id, city_id from {{ ref('stg_branch') }} where city_id is not null
    union
    select tenant_id, city_id from {{ ref('stg_patient') }} where city_id is not null
)

select tenant_id, city_id, name, state_code, tier
from listed

union all

select named.tenant_id, named.city_id, named.city_id as name, '-' as state_code, '-' as tier
from named
left join listed on named.tenant_id = listed.tenant_id and named.city_id = listed.city_id
where listed.city_id is null

union all

select tenant_id, '-1' as city_id, 'unknown' as name, '-' as state_code, '-' as tier
from {{ ref('proj_tenants') }}
