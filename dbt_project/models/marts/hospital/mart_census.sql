with insured as (
    select tenant_id, admission_id, max_by(claim_id, first_seq) as claim_id
    from {{ ref('fct_claim') }}
    where admission_id is not null and status <> 'cancelled'
    group by tenant_id, admission_id
),

-- outpatients, at the midnight that ends their 24 hours, like who came and went
seen as (
    select
        encounters.*,
        tenants.as_of_date,
        {{ first_midnight('encounters.started_at', 'tenants.utc_offset_minutes') }} as census_on
    from {{ ref('fct_encounter') }} as encounters
    inner join {{ ref('dim_tenant') }} as tenants on encounters.tenant_id = tenants.tenant_id
    where not encounters.is_error and encounters.status <> 'cancelled'
),

outpatients as (
    select
        tenant_id,
        census_on,
        branch_id,
        department_id,
        max(city_id) as city_id,
        count(*) as opd_visits_n,
        {{ count_if("class = 'VR'") }} as opd_video_n,
        {{ count_if("visit_type = 'follow_up'") }} as opd_follow_ups_n,
        max(last_seq) as last_seq
    from seen
    where census_on <= as_of_date
    group by tenant_id, census_on, branch_id, department_id
)

select
    days.tenant_id,
    'bed' as line,
    days.census_on as as_of_date,
    days.branch_id,
    branches.name as branch_name,
    days.city_id,
    days.department_id,
    days.specialty_id,
    beds.ward,
    beds.room,
    days.bed_id,
    beds.label as bed_label,
    days.bed_class,
    days.status,
    days.admission_id,
    admissions.his_visit_no,
    days.patient_key,
    patients.sex,
    patients.birth_decade,
    days.practitioner_id,
    admissions.admitted_at,
    days.los_days,
    claims.payer_id,
    claims.status as claim_state,
    cast(1 as bigint) as beds_n,
    days.occupied_n,
    days.admissions_n,
    days.discharges_n,
    days.transfers_in_n,
    days.transfers_out_n,
    cast(0 as bigint) as opd_visits_n,
    cast(0 as bigint) as opd_video_n,
    cast(0 as bigint) as opd_follow_ups_n,
    days.last_seq
from {{ ref('fct_bed_day') }} as days
inner join {{ ref('dim_bed') }} as beds on days.tenant_id = beds.tenant_id and days.bed_id = beds.bed_id
left join {{ ref('dim_branch') }} as branches
    on days.tenant_id = branches.tenant_id and days.branch_id = branches.branch_id and branches.is_current
left join {{ ref('fct_admission') }} as admissions
    on days.tenant_id = admissions.tenant_id and days.admission_id = admissions.admission_id
left join {{ ref('dim_patient') }} as patients
    on admissions.tenant_id = patients.tenant_id and admissions.patient_key = patients.patient_key
left join insured on days.tenant_id = insured.tenant_id and days.admission_id = insured.admission_id
left join {{ ref('fct_claim') }} as claims
    on insured.tenant_id = claims.tenant_id and insured.claim_id = claims.claim_id

union all

select
    outpatients.tenant_id,
    'opd' as line,
    outpatients.census_on as as_of_date,
    outpatients.branch_id,
    branches.name as branch_name,
    outpatients.city_id,
    outpatients.department_id,
    '-1' as specialty_id,
    'OPD' as ward,
    null as room,
    '-1' as bed_id,
    null as bed_label,
    null as bed_class,
    null as status,
    null as admission_id,
    null as his_visit_no,
    '-1' as patient_key,
    null as sex,
    null as birth_decade,
    '-1' as practitioner_id,
    null as admitted_at,
    null as los_days,
    null as payer_id,
    null as claim_state,
    0 as beds_n,
    0 as occupied_n,
    0 as admissions_n,
    0 as discharges_n,
    0 as transfers_in_n,
    0 as transfers_out_n,
    outpatients.opd_visits_n,
    outpatients.opd_video_n,
    outpatients.opd_follow_ups_n,
    outpatients.last_seq
from outpatients
left join {{ ref('dim_branch') }} as branches
    on outpatients.tenant_id = branches.tenant_id
    and outpatients.branch_id = branches.branch_id
    and branches.is_current
