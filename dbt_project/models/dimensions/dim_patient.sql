with aliases as (
    select * from {{ ref('proj_patient_aliases') }}
),

-- what is known of a person stands in the survivor's own record
known as (
    select
        registered.tenant_id,
        registered.aggregate_id as patient_key,
        max(case when registered.sex is not null then registered.seq end) as sex_seq,
        max(case when registered.birth_year is not null then registered.seq end) as birth_seq,
        max(case when registered.city_id is not null then registered.seq end) as city_seq,
        max(registered.seq) as last_seq
    from {{ ref('stg_patient') }} as registered
    left join aliases on registered.tenant_id = aliases.tenant_id and registered.aggregate_id = aliases.patient_key
    where registered.event_type in ('PatientRegistered', 'PatientUpdated') and aliases.patient_key is null
    group by registered.tenant_id, registered.aggregate_id
),

details as (
    select tenant_id, seq, sex, birth_year, city_id from {{ ref('stg_patient') }}
),

visited as (
    select
        appointments.tenant_id,
        coalesce(aliases.survivor_key, appointments.patient_key) as patient_key,
        min(
            coalesce(
                {{ business_date('appointments.start_at', 'tenants.utc_offset_minutes') }}, appointments.start_on
            )
        ) filter (where appointments.status = 'fulfilled') as first_visit_on,
        max(appointments.last_seq) as last_seq
    from {{ ref('proj_appointments') }} as appointments
    inner join {{ ref('proj_tenants') }} as tenants on appointments.tenant_id = tenants.tenant_id
    left join aliases
        on appointments.tenant_id = aliases.tenant_id and appointments.patient_key = aliases.patient_key
    where appointments.patient_key is not null
    group by appointments.tenant_id, coalesce(aliases.survivor_key, appointments.patient_key)
),

erased as (
    select tenant_id, aggregate_id as patient_key, max(seq) as last_seq
    from {{ ref('stg_data_subject') }}
    where event_type = 'DestructionExecuted'
    group by tenant_id, aggregate_id
),

-- bills of other systems, stays and claims name patients as well
papers as (
    select tenant_id, patient_key, seq from {{ ref('stg_invoice') }} where patient_key is not null
    union all
    select tenant_id, patient_key, seq from {{ ref('stg_admission') }} where patient_key is not null
    union all
    select tenant_id, patient_key, seq from {{ ref('stg_claim') }} where patient_key is not null
),

named as (
    select
        papers.tenant_id,
        coalesce(aliases.survivor_key, papers.patient_key) as patient_key,
        max(papers.seq) as last_seq
    from papers
    left join aliases on papers.tenant_id = aliases.tenant_id and papers.patient_key = aliases.patient_key
    group by papers.tenant_id, coalesce(aliases.survivor_key, papers.patient_key)
),

-- an imported history names patients who were never registered here
members as (
    select tenant_id, patient_key from known
    union
    select tenant_id, patient_key from visited
    union
    select tenant_id, patient_key from named
)

select
    members.tenant_id,
    members.patient_key,
    coalesce(sexes.sex, 'unknown') as sex,
    births.birth_year - mod(births.birth_year, 10) as birth_decade,
    coalesce(cities.city_id, '-1') as city_id,
    visited.first_visit_on,
    erased.patient_key is not null as is_erased,
    known.patient_key is null as is_imputed,
    greatest(
        coalesce(known.last_seq, 0), coalesce(visited.last_seq, 0), coalesce(named.last_seq, 0),
        coalesce(erased.last_seq, 0)
    ) as last_seq
from members
left join known on members.tenant_id = known.tenant_id and members.patient_key = known.patient_key
left join visited on members.tenant_id = visited.tenant_id and members.patient_key = visited.patient_key
left join named on members.tenant_id = named.tenant_id and members.patient_key = named.patient_key
left join erased on members.tenant_id = erased.tenant_id and members.patient_key = erased.patient_key
left join details as sexes on known.tenant_id = sexes.tenant_id and known.sex_seq = sexes.seq
left join details as births on known.tenant_id = births.tenant_id and known.birth_seq = births.seq
left join details as cities on known.tenant_id = cities.tenant_id and known.city_seq = cities.seq

union all

select
    tenant_id, '-1' as patient_key, 'unknown' as sex, null as birth_decade, '-1' as city_id, null as first_visit_on,
    false as is_erased, false as is_imputed, 0 as last_seq
from {{ ref('proj_tenants') }}
