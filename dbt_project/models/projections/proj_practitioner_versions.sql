with events as (
    select
        practitioner.tenant_id,
        practitioner.aggregate_id as practitioner_id,
        practitioner.seq,
        practitioner.name,
        practitioner.specialty_id,
        practitioner.active,
        case when practitioner.roles_count is not null then practitioner.seq end as roles_seq,
        case
            when practitioner.event_type = 'PractitionerRegistered' then {{ start_of_time() }}
            else {{ local_midnight('practitioner.effective_on', 'tenants.utc_offset_minutes') }}
        end as valid_from
    from {{ ref('stg_practitioner') }} as practitioner
    inner join {{ ref('proj_tenants') }} as tenants on practitioner.tenant_id = tenants.tenant_id
),

-- an attribute that a change leaves out stays as it was: number its values, then take each number's only value
numbered as (
    select
        events.*,
        count(specialty_id) over (partition by tenant_id, practitioner_id order by valid_from, seq) as specialty_number,
        count(active) over (partition by tenant_id, practitioner_id order by valid_from, seq) as active_number,
        count(roles_seq) over (partition by tenant_id, practitioner_id order by valid_from, seq) as roles_number,
        lead(valid_from) over (partition by tenant_id, practitioner_id order by valid_from, seq) as next_from
    from events
),

versions as (
    select
        tenant_id,
        practitioner_id,
        max(name) over (partition by tenant_id, practitioner_id) as name,
        max(specialty_id) over (partition by tenant_id, practitioner_id, specialty_number) as specialty_id,
        coalesce(
            max(case when active is null then null when active then 1 else 0 end)
                over (partition by tenant_id, practitioner_id, active_number),
            1
        ) = 1 as is_active,
        max(roles_seq) over (partition by tenant_id, practitioner_id, roles_number) as roles_seq,
        valid_from,
        coalesce(next_from, {{ end_of_time() }}) as valid_to,
        seq as last_seq
    from numbered
)

select *
from versions
-- two changes at one instant: the later one holds
where valid_to > valid_from
