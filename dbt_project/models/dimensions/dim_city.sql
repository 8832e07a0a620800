select tenants.tenant_id, cities.city_id, cities.name, cities.state_code, cities.tier
from {{ ref('proj_tenants') }} as tenants
cross join {{ ref('cities') }} as cities

union all

select tenant_id, '-1' as city_id, 'unknown' as name, '-' as state_code, '-' as tier
from {{ ref('proj_tenants') }}
