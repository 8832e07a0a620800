with changes as (
    select tenant_id, aggregate_id as practitioner_id, available, from_at, until_at, seq
    from {{ ref('stg_practitioner') }}
    where event_type = 'TeleAvailabilityChanged'
),

slots as (
    select distinct slots.tenant_id, slots.slot_id, slots.practitioner_id, slots.start_at, slots.end_at
    from {{ ref('proj_slots') }} as slots
    inner join changes
        on slots.tenant_id = changes.tenant_id
        and slots.practitioner_id = changes.practitioner_id
        and slots.end_at > changes.from_at
        and coalesce(slots.start_at < changes.until_at, true)
),

edges as (
    select tenant_id, practitioner_id, from_at as edge_at from changes

    union

    select tenant_id, practitioner_id, until_at as edge_at from changes
    where until_at is not null
),

-- what may be booked can change where the slot begins and at an edge within it
moments as (
    select tenant_id, slot_id, practitioner_id, start_at as at_moment from slots

    union

    select slots.tenant_id, slots.slot_id, slots.practitioner_id, edges.edge_at as at_moment
    from slots
    inner join edges
        on slots.tenant_id = edges.tenant_id
        and slots.practitioner_id = edges.practitioner_id
        and slots.start_at < edges.edge_at
        and slots.end_at > edges.edge_at
),

-- the later word overrules the earlier one
words as (
    select
        moments.tenant_id,
        moments.slot_id,
        changes.available,
        changes.seq,
        row_number() over (
            partition by moments.tenant_id, moments.slot_id, moments.at_moment order by changes.seq desc
        ) as from_last
    from moments
    inner join changes
        on moments.tenant_id = changes.tenant_id
        and moments.practitioner_id = changes.practitioner_id
        and moments.at_moment >= changes.from_at
        and coalesce(moments.at_moment < changes.until_at, true)
)

select tenant_id, slot_id, max(seq) as last_seq
from words
where from_last = 1 and not available
group by tenant_id, slot_id
