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
        max(case when active is null then null when active then 1 else 0 end)
            over (partition by tenant_id, practitioner_id, active_number) as active,
        max(roles_seq) over (partition by tenant_id, practitioner_id, roles_number) as roles_seq,
        valid_from,
        next_from,
        seq as last_seq
    from numbered
),

roles as (
    select
        tenant_id,
        seq,
        {{ dbt.listagg('branch_id', "','", 'order by ordinal') }} as branch_ids,
        min(share_bps) as share_bps
    from {{ ref('stg_practitioner__roles') }}
    group by tenant_id, seq
),

-- practitioners that only an imported history names, and the unknown one
imputed as (
    select tenant_id, practitioner_id, max(first_seq) as last_seq
    from {{ ref('proj_appointments') }}
    where is_imported and practitioner_id <> '-1'
    group by tenant_id, practitioner_id

    union all

    select tenant_id, '-1' as practitioner_id, 0 as last_seq from {{ ref('proj_tenants') }}
),

members as (
    select
        versions.tenant_id,
        versions.practitioner_id,
        versions.name,
        versions.specialty_id,
        roles.branch_ids,
        roles.share_bps,
        coalesce(versions.active, 1) = 1 as is_active,
        false as is_imputed,
        versions.valid_from,
        coalesce(versions.next_from, {{ end_of_time() }}) as valid_to,
        versions.last_seq
    from versions
    left join roles on versions.tenant_id = roles.tenant_id and versions.roles_seq = roles.seq
    -- two changes at one instant: the later one holds
    where versions.next_from is null or versions.next_from > versions.valid_from

    union all

    select
        imputed.tenant_id,
        imputed.practitioner_id,
        case when imputed.practitioner_id = '-1' then 'unknown' else imputed.practitioner_id end as name,
        '-1' as specialty_id,
        cast(null as varchar) as branch_ids,
        cast(null as bigint) as share_bps,
        true as is_active,
        imputed.practitioner_id <> '-1' as is_imputed,
        {{ start_of_time() }} as valid_from,
        {{ end_of_time() }} as valid_to,
        imputed.last_seq
    from imputed
    left join versions
        on imputed.tenant_id = versions.tenant_id and imputed.practitioner_id = versions.practitioner_id
    where versions.practitioner_id is null
)

select
    {{ surrogate_key(['tenant_id', 'practitioner_id', epoch_seconds('valid_from')]) }} as practitioner_sk,
    members.*,
    valid_to = {{ end_of_time() }} as is_current
from members
