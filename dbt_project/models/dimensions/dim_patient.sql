with known as (
    select
        tenant_id,
        aggregate_id as patient_key,
        max(case when sex is not null then seq end) as sex_seq,
        max(case when birth_year is not null then seq end) as birth_seq,
        max(case when city_id is not null then seq end) as city_seq,
        max(seq) as last_seq
    from {{ ref('stg_patient') }}
    where event_type in ('PatientRegistered', 'PatientUpdated')
    group by tenant_id, aggregate_id
),

details as (
    select tenant_id, seq, sex, birth_year, city_id from {{ ref('stg_patient') }}
),

visited as (
    select
        tenant_id,
        patient_key,
        min(case when status = 'fulfilled' then start_on end) as first_visit_on,
        max(last_seq) as last_seq
    from {{ ref('proj_appointments') }}
    where patient_key is not null
    group by tenant_id, patient_key
),

-- an imported history names patients who were never registered here
members as (
    select tenant_id, patient_key from known
    union
    select tenant_id, patient_key from visited
)

select
    members.tenant_id,
    members.patient_key,
    coalesce(sexes.sex, 'unknown') as sex,
    births.birth_year - mod(births.birth_year, 10) as birth_decade,
    coalesce(cities.city_id, '-1') as city_id,
    visited.first_visit_on,
    known.patient_key is null as is_imputed,
    greatest(coalesce(known.last_seq, 0), coalesce(visited.last_seq, 0)) as last_seq
from members
left join known on members.tenant_id = known.tenant_id and members.patient_key = known.patient_key
left join visited on members.tenant_id = visited.tenant_id and members.patient_key = visited.patient_key
left join details as sexes on known.tenant_id = sexes.tenant_id and known.sex_seq = sexes.seq
left join details as births on known.tenant_id = births.tenant_id and known.birth_seq = births.seq
left join details as cities on known.tenant_id = cities.tenant_id and known.city_seq = cities.seq

union all

select
    tenant_id, '-1' as patient_key, 'unknown' as sex, null as birth_decade, '-1' as city_id, null as first_visit_on,
    false as is_imputed, 0 as last_seq
from {{ ref('proj_tenants') }}
