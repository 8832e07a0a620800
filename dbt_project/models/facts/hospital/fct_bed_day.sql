-- The census: every bed at every midnight of the tenant, from the first after it was registered.
with said as (
    select
        events.tenant_id,
        events.aggregate_id as bed_id,
        case events.event_type
            when 'BedRegistered' then 'available' when 'BedReleased' then events.next_status else events.status
        end as status,
        coalesce(events.moved_at, events.occurred_at) as said_at,
        events.seq,
        {{ first_midnight('coalesce(events.moved_at, events.occurred_at)', 'tenants.utc_offset_minutes') }} as from_on
    from {{ ref('stg_bed') }} as events
    inner join {{ ref('proj_tenants') }} as tenants on events.tenant_id = tenants.tenant_id
    where events.event_type <> 'BedOccupied'
),

-- what was said last before a midnight holds until something else was said before a later one
statuses as (
    select
        tenant_id,
        bed_id,
        from_on,
        max_by(status, seq) as status,
        lead(from_on) over (partition by tenant_id, bed_id order by from_on) as to_on
    from said
    group by tenant_id, bed_id, from_on
),

moves as (
    select
        tenant_id, bed_id, first_census_on as census_on, begun_by as move, 1 as arrival, since_seq as seq
    from {{ ref('proj_bed_stays') }}
    union all
    select tenant_id, bed_id, gone_on, ended_by, 0, until_seq
    from {{ ref('proj_bed_stays') }}
    where ended_by is not null
),

flows as (
    select
        tenant_id,
        bed_id,
        census_on,
        {{ count_if("move = 'admission'") }} as admissions_n,
        {{ count_if("move = 'discharge'") }} as discharges_n,
        {{ count_if("move = 'transfer' and arrival = 1") }} as transfers_in_n,
        {{ count_if("move = 'transfer' and arrival = 0") }} as transfers_out_n,
        max(seq) as last_seq
    from moves
    group by tenant_id, bed_id, census_on
),

begins as (
    select tenant_id, bed_id, min(from_on) as first_on
    from (
        select tenant_id, bed_id, from_on from statuses
        union all
        select tenant_id, bed_id, first_census_on from {{ ref('proj_bed_stays') }}
    ) as seen
    group by tenant_id, bed_id
),

days as (
    select begins.tenant_id, begins.bed_id, dates.date_on as census_on
    from begins
    inner join {{ ref('proj_tenants') }} as tenants on begins.tenant_id = tenants.tenant_id
    inner join {{ ref('dim_date') }} as dates
        on begins.tenant_id = dates.tenant_id
        and begins.first_on <= dates.date_on
        and tenants.as_of_date >= dates.date_on
),

lying as (
    select
        tenant_id,
        bed_id,
        admission_id,
        since_seq,
        first_census_on,
        coalesce(gone_on, cast('9999-12-31' as date)) as gone_on
    from {{ ref('proj_bed_stays') }}
)

select
    days.tenant_id,
    days.bed_id,
    days.census_on,
    coalesce(branches.branch_id, '-1') as branch_id,
    coalesce(branches.city_id, '-1') as city_id,
    coalesce(admissions.department_id, '-1') as department_id,
    coalesce(admissions.practitioner_id, '-1') as practitioner_id,
    coalesce(admissions.specialty_id, '-1') as specialty_id,
    beds.class as bed_class,
    case when lying.admission_id is not null then 'occupied' else coalesce(statuses.status, 'available') end as status,
    cast(case when lying.admission_id is not null then 1 else 0 end as bigint) as occupied_n,
    lying.admission_id,
    coalesce(admissions.patient_key, '-1') as patient_key,
    {{ days_between('admissions.admitted_on', 'days.census_on') }} as los_days,
    coalesce(flows.admissions_n, 0) as admissions_n,
    coalesce(flows.discharges_n, 0) as discharges_n,
    coalesce(flows.transfers_in_n, 0) as transfers_in_n,
    coalesce(flows.transfers_out_n, 0) as transfers_out_n,
    greatest(coalesce(lying.since_seq, 0), coalesce(flows.last_seq, 0), beds.last_seq) as last_seq
from days
inner join {{ ref('dim_bed') }} as beds on days.tenant_id = beds.tenant_id and days.bed_id = beds.bed_id
inner join {{ ref('proj_tenants') }} as tenants on days.tenant_id = tenants.tenant_id
left join statuses
    on days.tenant_id = statuses.tenant_id
    and days.bed_id = statuses.bed_id
    and days.census_on >= statuses.from_on
    and (days.census_on < statuses.to_on or statuses.to_on is null)
left join lying
    on days.tenant_id = lying.tenant_id
    and days.bed_id = lying.bed_id
    and days.census_on >= lying.first_census_on
    and days.census_on < lying.gone_on
left join {{ ref('fct_admission') }} as admissions
    on lying.tenant_id = admissions.tenant_id and lying.admission_id = admissions.admission_id
left join flows
    on days.tenant_id = flows.tenant_id and days.bed_id = flows.bed_id and days.census_on = flows.census_on
left join {{ ref('dim_branch') }} as branches
    on beds.tenant_id = branches.tenant_id
    and beds.branch_id = branches.branch_id
    and {{ local_midnight('days.census_on', 'tenants.utc_offset_minutes') }} >= branches.valid_from
    and {{ local_midnight('days.census_on', 'tenants.utc_offset_minutes') }} < branches.valid_to
