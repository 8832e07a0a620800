-- blocks that nobody has lifted
with standing as (
    select blocked.*
    from {{ ref('stg_schedule') }} as blocked
    left join {{ ref('stg_schedule') }} as lifted
        on blocked.tenant_id = lifted.tenant_id
        and blocked.aggregate_id = lifted.aggregate_id
        and blocked.block_id = lifted.block_id
        and lifted.event_type = 'ScheduleUnblocked'
    where blocked.event_type = 'ScheduleBlocked' and lifted.seq is null
),

over_slots as (
    select
        slots.tenant_id,
        slots.slot_id,
        standing.block_id,
        standing.reason as block_reason,
        standing.seq as last_seq,
        -- of several blocks the one that was made first
        row_number() over (partition by slots.tenant_id, slots.slot_id order by standing.seq) as number
    from {{ ref('proj_slots') }} as slots
    inner join standing
        on slots.tenant_id = standing.tenant_id
        and slots.schedule_id = standing.aggregate_id
        and slots.end_at > standing.start_at
        and slots.start_at < standing.end_at
)

select tenant_id, slot_id, block_id, block_reason, last_seq
from over_slots
where number = 1
