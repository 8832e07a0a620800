-- the records of one human being are kept together
with care as (
    select
        events.tenant_id, coalesce(aliases.survivor_key, events.patient_key) as patient_key,
        coalesce(
            max(case when events.event_type in ('EncounterStarted', 'EncounterFinished') then events.occurred_at end),
            max(events.occurred_at)
        ) as last_care_at,
        max(events.seq) as last_seq
    from {{ ref('stg_event') }} as events
    inner join {{ ref('retention_classes') }} as classes
        on events.event_type = classes.event_type and classes.retention_class = 'medico_legal'
    left join {{ ref('proj_patient_aliases') }} as aliases
        on events.tenant_id = aliases.tenant_id and events.patient_key = aliases.patient_key
    where events.patient_key is not null
    group by events.tenant_id, coalesce(aliases.survivor_key, events.patient_key)
),

births as (
    select
        told.tenant_id, coalesce(aliases.survivor_key, told.patient_key) as patient_key,
        max(told.birth_year) as birth_year
    from {{ ref('stg_patient') }} as told
    left join {{ ref('proj_patient_aliases') }} as aliases
        on told.tenant_id = aliases.tenant_id and told.patient_key = aliases.patient_key
    where told.birth_year is not null
    group by told.tenant_id, coalesce(aliases.survivor_key, told.patient_key)
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
