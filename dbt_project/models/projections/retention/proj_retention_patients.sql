with care as (
    select
        events.tenant_id, events.patient_key,
        coalesce(
            max(case when events.event_type in ('EncounterStarted', 'EncounterFinished') then events.occurred_at end),
            max(events.occurred_at)
        ) as last_care_at,
        max(events.seq) as last_seq
    from {{ ref('stg_event') }} as events
    inner join {{ ref('retention_classes') }} as classes
        on events.event_type = classes.event_type and classes.retention_class = 'medico_legal'
    where events.patient_key is not null
    group by events.tenant_id, events.patient_key
),

births as (
    select tenant_id, patient_key, max(birth_year) as birth_year
    from {{ ref('stg_patient') }}
    where birth_year is not null
    group by tenant_id, patient_key
)

select
    care.tenant_id, care.patient_key,
    {{ business_date('care.last_care_at', 'tenants.utc_offset_minutes') }} as last_care_on,
    -- the day of birth itself is sealed
    make_date(cast(births.birth_year as integer) + 18, 12, 31) as of_age_on,
    care.last_seq
from care
inner join {{ ref('proj_tenants') }} as tenants on care.tenant_id = tenants.tenant_id
left join births on care.tenant_id = births.tenant_id and care.patient_key = births.patient_key
