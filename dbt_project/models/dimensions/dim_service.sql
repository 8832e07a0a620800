with defined as (
    select tenant_id, service_id, max(seq) as last_seq
    from {{ ref('stg_tenant') }}
    where event_type = 'ServiceDefined'
    group by tenant_id, service_id
)

select
    defined.tenant_id,
    defined.service_id,
    events.code,
    events.name,
    events.kind,
    events.specialty_id,
    events.sac,
    events.gst_bps,
    events.duration_min,
    events.conversion_window_days,
    defined.last_seq
from defined
inner join {{ ref('stg_tenant') }} as events
    on defined.tenant_id = events.tenant_id and defined.last_seq = events.seq

union all

select
    tenant_id, '-1' as service_id, '-' as code, 'unknown' as name, 'unknown' as kind, '-1' as specialty_id,
    '-' as sac, 0 as gst_bps, 0 as duration_min, 0 as conversion_window_days, 0 as last_seq
from {{ ref('proj_tenants') }}
