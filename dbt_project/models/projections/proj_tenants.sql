with registered as (
    select tenant_id, name, kind, tz, seq
    from {{ ref('stg_tenant') }}
    where event_type = 'TenantRegistered'
),

changes as (
    select
        tenant_id,
        max(case when patch_name is not null then seq end) as name_seq,
        max(case when patch_kind is not null then seq end) as kind_seq,
        max(seq) as last_seq
    from {{ ref('stg_tenant') }}
    where event_type = 'TenantSettingsChanged'
    group by tenant_id
),

named as (
    select tenant_id, seq, patch_name, patch_kind
    from {{ ref('stg_tenant') }}
    where event_type = 'TenantSettingsChanged'
)

select
    registered.tenant_id,
    coalesce(new_name.patch_name, registered.name) as name,
    coalesce(new_kind.patch_kind, registered.kind) as kind,
    registered.tz,
    cast(zones.utc_offset_minutes as integer) as utc_offset_minutes,
    known.as_of,
    {{ business_date('known.as_of', 'zones.utc_offset_minutes') }} as as_of_date,
    coalesce(changes.last_seq, registered.seq) as last_seq
from registered
inner join {{ ref('stg_as_of') }} as known on registered.tenant_id = known.tenant_id
left join {{ ref('time_zones') }} as zones on registered.tz = zones.tz
left join changes on registered.tenant_id = changes.tenant_id
left join named as new_name on changes.tenant_id = new_name.tenant_id and changes.name_seq = new_name.seq
left join named as new_kind on changes.tenant_id = new_kind.tenant_id and changes.kind_seq = new_kind.seq
