with lives as (
    select
        events.tenant_id, events.stream_id,
        max(events.occurred_at) as last_at,
        max(case when events.event_type = 'PatientDischarged' then events.occurred_at end) as discharged_at,
        max(case when events.event_type = 'PatientDischarged' then events.seq end) as discharged_seq,
        max(case when events.event_type = 'DischargeCancelled' then events.seq end) as returned_seq,
        max(case when events.event_type = 'ClaimClosed' then events.occurred_at end) as closed_at,
        max(events.seq) as last_seq
    from {{ ref('stg_event') }} as events
    inner join {{ ref('retention_classes') }} as classes
        on events.event_type = classes.event_type and classes.retention_class in ('hospital', 'insurance')
    group by events.tenant_id, events.stream_id
)

select
    lives.tenant_id, lives.stream_id,
    {{ business_date(
        "case when lives.discharged_seq > coalesce(lives.returned_seq, 0) then lives.discharged_at else lives.last_at end",
        "tenants.utc_offset_minutes"
    ) }} as stay_ends_on,
    {{ business_date('coalesce(lives.closed_at, lives.last_at)', 'tenants.utc_offset_minutes') }} as claim_ends_on,
    lives.last_seq
from lives
inner join {{ ref('proj_tenants') }} as tenants on lives.tenant_id = tenants.tenant_id
