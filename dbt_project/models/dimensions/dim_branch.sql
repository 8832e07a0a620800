with told as (
    select
        branch.tenant_id,
        branch.aggregate_id as branch_id,
        branch.seq,
        branch.event_type,
        branch.name,
        branch.city_id,
        branch.gstin,
        branch.hfr_id,
        branch.opened_on,
        branch.closed_on,
        branch.occurred_at,
        {{ local_midnight(
            'coalesce(branch.effective_on, branch.closed_on, branch.opened_on)', 'tenants.utc_offset_minutes'
        ) }} as effective_at
    from {{ ref('stg_branch') }} as branch
    inner join {{ ref('proj_tenants') }} as tenants on branch.tenant_id = tenants.tenant_id
),

-- from its registration on, as deposits are taken before the doors open; from its first day on when that is earlier
registered as (
    select
        told.*,
        max(case when event_type = 'BranchRegistered' then least(occurred_at, effective_at) end)
            over (partition by tenant_id, branch_id) as known_from
    from told
),

events as (
    select
        registered.*,
        -- a change before that is what the branch begins with
        case
            when event_type = 'BranchRegistered' then known_from else greatest(effective_at, known_from)
        end as valid_from
    from registered
),

-- an attribute that a change leaves out stays as it was: number its values, then take each number's only value
numbered as (
    select
        events.*,
        count(name) over (partition by tenant_id, branch_id order by valid_from, seq) as name_number,
        count(city_id) over (partition by tenant_id, branch_id order by valid_from, seq) as city_number,
        count(closed_on) over (partition by tenant_id, branch_id order by valid_from, seq) as closings,
        lead(valid_from) over (partition by tenant_id, branch_id order by valid_from, seq) as next_from
    from events
),

versions as (
    select
        tenant_id,
        branch_id,
        max(name) over (partition by tenant_id, branch_id, name_number) as name,
        max(city_id) over (partition by tenant_id, branch_id, city_number) as city_id,
        max(gstin) over (partition by tenant_id, branch_id) as gstin,
        max(hfr_id) over (partition by tenant_id, branch_id) as hfr_id,
        max(opened_on) over (partition by tenant_id, branch_id) as opened_on,
        max(closed_on) over (partition by tenant_id, branch_id) as closed_on,
        case when closings > 0 then 'closed' else 'active' end as status,
        false as is_imputed,
        valid_from,
        coalesce(next_from, {{ end_of_time() }}) as valid_to,
        seq as last_seq
    from numbered
),

-- branches that nobody registered: named by an event, or by an imported history alone; and the unknown one
named_elsewhere as (
    select tenant_id, branch_id, first_seq as seq
    from {{ ref('proj_appointments') }}
    where is_imputed_branch

    union all

    select tenant_id, branch_ref as branch_id, seq
    from {{ ref('stg_invoice') }}
    where event_type = 'BillingImported' and is_imputed_branch

    union all

    select tenant_id, branch_id, max(seq) as seq
    from {{ ref('stg_event') }}
    where branch_id is not null
    group by tenant_id, branch_id
),

imputed as (
    select tenant_id, branch_id, max(seq) as last_seq
    from named_elsewhere
    group by tenant_id, branch_id

    union all

    select tenant_id, '-1' as branch_id, 0 as last_seq from {{ ref('proj_tenants') }}
),

members as (
    select * from versions
    -- two changes at one instant: the later one holds
    where valid_to > valid_from

    union all

    select
        imputed.tenant_id,
        imputed.branch_id,
        case when imputed.branch_id = '-1' then 'unknown' else imputed.branch_id end as name,
        '-1' as city_id,
        cast(null as varchar) as gstin,
        cast(null as varchar) as hfr_id,
        cast(null as date) as opened_on,
        cast(null as date) as closed_on,
        'active' as status,
        imputed.branch_id <> '-1' as is_imputed,
        {{ start_of_time() }} as valid_from,
        {{ end_of_time() }} as valid_to,
        imputed.last_seq
    from imputed
    left join versions on imputed.tenant_id = versions.tenant_id and imputed.branch_id = versions.branch_id
    where versions.branch_id is null
)

select
    {{ surrogate_key(['tenant_id', 'branch_id', epoch_seconds('valid_from')]) }} as branch_sk,
    members.*,
    valid_to = {{ end_of_time() }} as is_current
from members
