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
)

select
    tenant_id,
    specialty_id,
    noshow_n,
    decided_n,
    noshow_rate,
    (noshow_rate + z * z / (2 * size) - z * sqrt(noshow_rate * (1 - noshow_rate) / size + z * z / (4 * size * size)))
    / (1 + z * z / size) as wilson_low,
    (noshow_rate + z * z / (2 * size) + z * sqrt(noshow_rate * (1 - noshow_rate) / size + z * z / (4 * size * size)))
    / (1 + z * z / size) as wilson_high,
    tenant_noshow_n,
    tenant_decided_n,
    noshow_rate / nullif({{ rate('tenant_noshow_n', 'tenant_decided_n') }}, 0) as relative_risk,
    decided_n < 30 as is_suppressed,
    last_seq
from compared
