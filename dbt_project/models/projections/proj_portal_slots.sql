{{ config(database=target.database) }}

with taken as (
    select
        tenant_id,
        slot_id,
        {{ count_if("status in ('pending', 'booked', 'checked-in', 'arrived', 'fulfilled')") }} as tokens_active,
        max(last_seq) as last_seq
    from {{ ref('proj_appointments') }}
    where not is_imported and slot_id is not null
    group by tenant_id, slot_id
),

closings as (
    select tenant_id, aggregate_id as branch_id, max(opened_on) as opened_on, max(closed_on) as closed_on
    from {{ ref('stg_branch') }}
    group by tenant_id, aggregate_id
),

placed as (
    select
        slots.*,
        coalesce(taken.tokens_active, 0) as tokens_active,
        greatest(slots.capacity - coalesce(taken.tokens_active, 0), 0) as tokens_free,
        greatest(slots.last_seq, coalesce(taken.last_seq, 0)) as seq,
        {{ local_midnight('slots.business_date', 'tenants.utc_offset_minutes') }} as day_begins_at
    from {{ ref('proj_slots') }} as slots
    inner join {{ ref('proj_tenants') }} as tenants on slots.tenant_id = tenants.tenant_id
    left join taken on slots.tenant_id = taken.tenant_id and slots.slot_id = taken.slot_id
)

select
    placed.tenant_id,
    placed.slot_id,
    placed.schedule_id,
    placed.branch_id,
    cities.city_id,
    placed.practitioner_id,
    practitioners.specialty_id,
    nullif(roles.department_id, 'dep_opd') as department_id,
    published.service_ids,
    placed.business_date,
    placed.start_at,
    placed.end_at,
    placed.mode,
    placed.capacity,
    placed.tokens_active,
    placed.tokens_free,
    case
        when placed.is_retired or not coalesce(practitioners.is_active, false) then 'retired'
        when closings.opened_on is null or placed.business_date < closings.opened_on then 'retired'
        when placed.business_date >= closings.closed_on then 'retired'
        when blocks.block_id is not null then 'blocked'
        when placed.tokens_free = 0 then 'full'
        else 'open'
    end as state,
    placed.mode <> 'in_person' and withdrawals.slot_id is null as tele_available,
    blocks.block_id,
    blocks.block_reason,
    greatest(
        placed.seq, coalesce(blocks.last_seq, 0), coalesce(withdrawals.last_seq, 0), coalesce(cities.last_seq, 0),
        coalesce(practitioners.last_seq, 0)
    ) as last_seq
from placed
inner join {{ ref('stg_schedule') }} as published
    on placed.tenant_id = published.tenant_id
    and placed.schedule_id = published.aggregate_id
    and published.event_type = 'SchedulePublished'
left join closings on placed.tenant_id = closings.tenant_id and placed.branch_id = closings.branch_id
left join {{ ref('proj_branch_cities') }} as cities
    on placed.tenant_id = cities.tenant_id
    and placed.branch_id = cities.branch_id
    and placed.business_date >= cities.from_on
    and placed.business_date < cities.to_on
left join {{ ref('proj_practitioner_versions') }} as practitioners
    on placed.tenant_id = practitioners.tenant_id
    and placed.practitioner_id = practitioners.practitioner_id
    and placed.day_begins_at >= practitioners.valid_from
    and placed.day_begins_at < practitioners.valid_to
left join {{ ref('proj_practitioner_roles') }} as roles
    on placed.tenant_id = roles.tenant_id
    and placed.practitioner_id = roles.practitioner_id
    and placed.branch_id = roles.branch_id
    and placed.business_date >= roles.from_on
    and placed.business_date < roles.to_on
left join {{ ref('proj_slot_blocks') }} as blocks
    on placed.tenant_id = blocks.tenant_id and placed.slot_id = blocks.slot_id
left join {{ ref('proj_video_withdrawals') }} as withdrawals
    on placed.tenant_id = withdrawals.tenant_id and placed.slot_id = withdrawals.slot_id
