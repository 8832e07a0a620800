with described as (
    select
        tenant_id, aggregate_id as schedule_id, slot_id, start_at, end_at, capacity, mode, 0 as is_extra,
        0 as is_closed, seq
    from {{ ref('stg_schedule__slots') }}

    union all

    select
        tenant_id, aggregate_id as schedule_id, slot_id, start_at, end_at, capacity, mode,
        case when action = 'add_extra' then 1 else 0 end as is_extra,
        case when action = 'close' then 1 else 0 end as is_closed,
        seq
    from {{ ref('stg_schedule') }}
    where event_type = 'SlotOverridden'
),

slots as (
    select
        described.tenant_id,
        described.slot_id,
        max(described.schedule_id) as schedule_id,
        max(described.start_at) as start_at,
        max(described.end_at) as end_at,
        max_by(described.capacity, described.seq) filter (where described.capacity is not null) as capacity,
        max_by(described.mode, described.seq) filter (where described.mode is not null) as mode,
        max(described.is_extra) = 1 as is_extra,
        max(described.is_closed) = 1 as is_closed,
        min(described.seq) as first_seq,
        max(described.seq) as last_seq
    from described
    group by described.tenant_id, described.slot_id
),

placed as (
    select
        slots.*,
        published.practitioner_id,
        published.branch_id,
        {{ business_date('slots.start_at', 'tenants.utc_offset_minutes') }} as business_date
    from slots
    inner join {{ ref('stg_schedule') }} as published
        on slots.tenant_id = published.tenant_id
        and slots.schedule_id = published.aggregate_id
        and published.event_type = 'SchedulePublished'
    inner join {{ ref('proj_tenants') }} as tenants on slots.tenant_id = tenants.tenant_id
),

-- the ids of retired slots land as one JSON text; they are quoted there, so one is never found inside another
retired as (
    select placed.tenant_id, placed.slot_id, max(retirements.seq) as seq
    from placed
    inner join {{ ref('stg_schedule') }} as retirements
        on placed.tenant_id = retirements.tenant_id
        and placed.schedule_id = retirements.aggregate_id
        and placed.business_date = retirements.business_date
        and retirements.event_type = 'SlotsRetired'
        and position('"' || placed.slot_id || '"' in retirements.slot_ids) > 0
    group by placed.tenant_id, placed.slot_id
),

-- a block that is lifted held until then
blocks as (
    select
        blocked.tenant_id,
        blocked.aggregate_id as schedule_id,
        blocked.start_at,
        case
            when lifted.occurred_at < blocked.end_at then greatest(lifted.occurred_at, blocked.start_at)
            else blocked.end_at
        end as end_at,
        blocked.seq,
        coalesce(lifted.seq, blocked.seq) as last_seq
    from {{ ref('stg_schedule') }} as blocked
    left join {{ ref('stg_schedule') }} as lifted
        on blocked.tenant_id = lifted.tenant_id
        and blocked.aggregate_id = lifted.aggregate_id
        and blocked.block_id = lifted.block_id
        and lifted.event_type = 'ScheduleUnblocked'
    where blocked.event_type = 'ScheduleBlocked'
),

pieces as (
    select
        placed.tenant_id,
        placed.slot_id,
        greatest(placed.start_at, blocks.start_at) as from_at,
        least(placed.end_at, blocks.end_at) as to_at,
        blocks.seq,
        blocks.last_seq
    from placed
    inner join blocks
        on placed.tenant_id = blocks.tenant_id
        and placed.schedule_id = blocks.schedule_id
        and placed.end_at > blocks.start_at
        and placed.start_at < blocks.end_at
    where blocks.end_at > blocks.start_at
),

-- minutes under two blocks count once
covered as (
    select
        pieces.*,
        coalesce(
            max(to_at) over (
                partition by tenant_id, slot_id order by from_at, seq
                rows between unbounded preceding and 1 preceding
            ),
            from_at
        ) as covered_to
    from pieces
),

blocked as (
    select
        tenant_id,
        slot_id,
        cast(sum({{ seconds_between('greatest(from_at, covered_to)', 'greatest(to_at, covered_to)') }}) as bigint)
            as seconds,
        max(last_seq) as last_seq
    from covered
    group by tenant_id, slot_id
)

select
    placed.tenant_id,
    placed.slot_id,
    placed.schedule_id,
    placed.practitioner_id,
    placed.branch_id,
    placed.business_date,
    placed.start_at,
    placed.end_at,
    placed.mode,
    placed.capacity,
    {{ whole_division(seconds_between('placed.start_at', 'placed.end_at'), '60') }} as minutes,
    coalesce({{ whole_division('blocked.seconds', '60') }}, 0) as minutes_blocked,
    placed.is_extra,
    placed.is_closed or retired.seq is not null as is_retired,
    placed.first_seq,
    greatest(placed.last_seq, coalesce(retired.seq, 0), coalesce(blocked.last_seq, 0)) as last_seq
from placed
left join retired on placed.tenant_id = retired.tenant_id and placed.slot_id = retired.slot_id
left join blocked on placed.tenant_id = blocked.tenant_id and placed.slot_id = blocked.slot_id
