{{ config(database=target.database) }}

with beds as (
    select
        tenant_id,
        aggregate_id as bed_id,
        max(case when event_type = 'BedRegistered' then branch_id end) as branch_id,
        max(ward) as ward,
        max(room) as room,
        max(label) as label,
        max(class) as bed_class,
        max_by(
            case event_type
                when 'BedRegistered' then 'available'
                when 'BedOccupied' then 'occupied'
                when 'BedReleased' then next_status
                else status
            end,
            seq
        ) as status,
        max_by(admission_id, seq) filter (where event_type = 'BedOccupied') as last_admission_id,
        max(case when event_type = 'BedOccupied' then seq end) as occupied_seq,
        max(case when event_type = 'BedReleased' then seq end) as released_seq,
        max(seq) as last_seq
    from {{ ref('stg_bed') }}
    group by tenant_id, aggregate_id
),

placed as (
    select
        beds.*,
        case when occupied_seq > coalesce(released_seq, 0) then last_admission_id end as admission_id
    from beds
),

-- of several claims the one that named the admission last
named as (
    select tenant_id, admission_id, max_by(aggregate_id, seq) as claim_id
    from {{ ref('stg_claim') }}
    where event_type in ('PreauthSubmitted', 'ClaimSubmitted') and admission_id is not null
    group by tenant_id, admission_id
)

select
    placed.tenant_id,
    placed.bed_id,
    placed.branch_id,
    cities.city_id,
    placed.ward,
    placed.room,
    placed.label,
    placed.bed_class,
    placed.status,
    placed.admission_id,
    stays.patient_key,
    stays.practitioner_id,
    practitioners.specialty_id,
    stays.department_id,
    stays.admitted_at,
    {{ add_days(business_date('stays.admitted_at', 'tenants.utc_offset_minutes'), 'stays.expected_los_days') }}
        as expected_discharge_on,
    claims.state as claim_state,
    greatest(placed.last_seq, coalesce(stays.last_seq, 0), coalesce(claims.last_seq, 0)) as last_seq
from placed
inner join {{ ref('proj_tenants') }} as tenants on placed.tenant_id = tenants.tenant_id
left join {{ ref('proj_branch_cities') }} as cities
    on placed.tenant_id = cities.tenant_id
    and placed.branch_id = cities.branch_id
    and cities.to_on = cast({{ end_of_time() }} as date)
left join {{ ref('proj_admissions') }} as stays
    on placed.tenant_id = stays.tenant_id and placed.admission_id = stays.admission_id
left join {{ ref('proj_practitioner_versions') }} as practitioners
    on stays.tenant_id = practitioners.tenant_id
    and stays.practitioner_id = practitioners.practitioner_id
    and practitioners.valid_to = {{ end_of_time() }}
left join named on placed.tenant_id = named.tenant_id and placed.admission_id = named.admission_id
left join {{ ref('proj_claim_worklist') }} as claims
    on named.tenant_id = claims.tenant_id and named.claim_id = claims.claim_id
