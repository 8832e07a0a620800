with defined as (
    select tenant_id, specialty_id, max(seq) as last_seq
    from {{ ref('stg_tenant') }}
    where event_type = 'SpecialtyDefined'
    group by tenant_id, specialty_id
)

select defined.tenant_id, defined.specialty_id, events.name, defined.last_seq
from defined
inner join {{ ref('stg_tenant') }} as events
    on defined.tenant_id = events.tenant_id and defined.last_seq = events.seq

union all

select tenant_id, '-1' as specialty_id, 'unknown' as name, 0 as last_seq
from {{ ref('proj_tenants') }}
