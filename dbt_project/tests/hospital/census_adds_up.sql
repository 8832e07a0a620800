-- Who lies in a bed at a midnight is who lay there the midnight before, and who came, less who left.
with followed as (
    select
        fct_bed_day.*,
        lag(occupied_n) over (partition by tenant_id, bed_id order by census_on) as occupied_before_n
    from {{ ref('fct_bed_day') }} as fct_bed_day
)

select *
from followed
where
    occupied_n
    <> coalesce(occupied_before_n, 0) + admissions_n + transfers_in_n - discharges_n - transfers_out_n
