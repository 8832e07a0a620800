select
    tenant_id,
    aggregate_id as bed_id,
    branch_id,
    ward,
    room,
    label,
    class,
    occurred_at as registered_at,
    seq as last_seq
from {{ ref('stg_bed') }}
where event_type = 'BedRegistered'

union all

select
    tenant_id, '-1' as bed_id, '-1' as branch_id, '-' as ward, '-' as room, '-' as label, 'unknown' as class,
    null as registered_at, 0 as last_seq
from {{ ref('proj_tenants') }}
