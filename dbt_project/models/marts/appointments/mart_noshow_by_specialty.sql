with specialties as (
    select
        tenant_id,
        specialty_id,
        cast(sum(noshow_n) as bigint) as noshow_n,
        cast(sum(decided_n) as bigint) as decided_n,
        max(last_seq) as last_seq
    from {{ ref('mart_noshow_patterns') }}
    group by tenant_id, specialty_id
),

compared as (
    select
        specialties.*,
        cast(sum(noshow_n) over (partition by tenant_id) as bigint) as tenant_noshow_n,
        cast(sum(decided_n) over (partition by tenant_id) as bigint) as tenant_decided_n,
        {{ rate('noshow_n', 'decided_n') }} as noshow_rate,
        -- z of a two-sided 95% interval
        cast(1.959963984540054 as double precision) as z,
        cast(nullif(decided_n, 0) as double precision) as size
    from specialties
),

intervals as (
    select
        compared.*,
        noshow_rate + z * z / (2 * size) as middle,
        z * sqrt(noshow_rate * (1 - noshow_rate) / size + z * z / (4 * size * size)) as reach,
        1 + z * z / size as whole
    from compared
)

select
    tenant_id,
    specialty_id,
    noshow_n,
    decided_n,
    noshow_rate,
    -- of none and of all the last bits of a double would reach beyond what a rate can be
    case when noshow_n > 0 then (middle - reach) / whole when decided_n > 0 then 0 end as wilson_low,
    case when noshow_n < decided_n then (middle + reach) / whole when decided_n > 0 then 1 end as wilson_high,
    tenant_noshow_n,
    tenant_decided_n,
    noshow_rate / nullif({{ rate('tenant_noshow_n', 'tenant_decided_n') }}, 0) as relative_risk,
    decided_n < 30 as is_suppressed,
    last_seq
from intervals
