select
    tenants.tenant_id,
    hours.generated_number - 1 as hour,
    case
        when hours.generated_number - 1 between 6 and 8 then 'early'
        when hours.generated_number - 1 between 9 and 11 then 'morning'
        when hours.generated_number - 1 between 12 and 14 then 'midday'
        when hours.generated_number - 1 between 15 and 17 then 'afternoon'
        when hours.generated_number - 1 between 18 and 20 then 'evening'
        else 'other'
    end as time_band
from {{ ref('proj_tenants') }} as tenants
cross join ({{ dbt.generate_series(24) }}) as hours
