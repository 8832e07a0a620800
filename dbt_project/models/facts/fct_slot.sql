with tokens as (
    select
        tenant_id,
        slot_id,
        {{ count_if("final_status in ('pending', 'booked', 'checked-in', 'arrived', 'fulfilled')") }} as final_active,
        {{ count_if("final_status = 'fulfilled'") }} as fulfilled,
        -- whoever gave the token back before the start took nobody's time; who came in later took what was left of it
        {{ count_if("is_booked and (final_status <> 'cancelled' or closed_at >= final_start_at)") }}
            as booked_at_start,
        max(last_seq) as last_seq
    from {{ ref('fct_appointment') }}
    where slot_id is not null and not is_error and not is_hold_expired
    group by tenant_id, slot_id
),

-- the most tokens that were ever taken at once; a slot from which none was given back is at its peak now
held as (
    select
        tenant_id,
        slot_id,
        sum(-change) over (
            partition by tenant_id, slot_id order by occurred_at, source_seq, ordinal
            rows between unbounded preceding and current row
        ) as active
    from {{ ref('proj_slot_moves') }}
    where appointment_id is not null
),

peaks as (
    select tenant_id, slot_id, cast(max(active) as bigint) as peak from held group by tenant_id, slot_id
)

select
    slots.tenant_id,
    slots.slot_id,
    slots.schedule_id,
    coalesce(practitioners.practitioner_id, '-1') as practitioner_id,
    coalesce(branches.branch_id, '-1') as branch_id,
    coalesce(branches.city_id, '-1') as city_id,
    coalesce(practitioners.specialty_id, '-1') as specialty_id,
    coalesce(roles.department_id, 'dep_opd') as department_id,
    slots.business_date,
    slots.start_at,
    slots.end_at,
    slots.mode,
    slots.capacity,
    slots.minutes,
    slots.minutes_blocked,
    slots.is_extra,
    slots.is_retired,
    slots.end_at <= tenants.as_of as is_over,
    case when slots.is_retired then 0 else slots.minutes - slots.minutes_blocked end as available_minutes,
    case when slots.is_retired or slots.minutes_blocked > 0 then 0 else slots.capacity end as available_tokens,
    coalesce(peaks.peak, tokens.final_active, 0) as tokens_booked_peak,
    coalesce(tokens.final_active, 0) as tokens_final_active,
    coalesce(tokens.booked_at_start, 0) as tokens_booked_at_start,
    coalesce(tokens.fulfilled, 0) as tokens_fulfilled,
    slots.first_seq,
    greatest(slots.last_seq, coalesce(tokens.last_seq, 0)) as last_seq
from {{ ref('proj_slots') }} as slots
inner join {{ ref('proj_tenants') }} as tenants on slots.tenant_id = tenants.tenant_id
left join tokens on slots.tenant_id = tokens.tenant_id and slots.slot_id = tokens.slot_id
left join peaks on slots.tenant_id = peaks.tenant_id and slots.slot_id = peaks.slot_id
left join {{ ref('dim_branch') }} as branches
    on slots.tenant_id = branches.tenant_id
    and slots.branch_id = branches.branch_id
    and slots.start_at >= branches.valid_from
    and slots.start_at < branches.valid_to
left join {{ ref('dim_practitioner') }} as practitioners
    on slots.tenant_id = practitioners.tenant_id
    and slots.practitioner_id = practitioners.practitioner_id
    and slots.start_at >= practitioners.valid_from
    and slots.start_at < practitioners.valid_to
left join {{ ref('proj_practitioner_roles') }} as roles
    on slots.tenant_id = roles.tenant_id
    and slots.practitioner_id = roles.practitioner_id
    and slots.branch_id = roles.branch_id
    and slots.business_date >= roles.from_on
    and slots.business_date < roles.to_on
