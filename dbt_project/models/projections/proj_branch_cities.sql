with told as (
    select
        tenant_id,
        aggregate_id as branch_id,
        city_id,
        case
            when event_type = 'BranchRegistered' then cast({{ start_of_time() }} as date) else effective_on
        end as from_on,
        seq
    from {{ ref('stg_branch') }}
    where event_type in ('BranchRegistered', 'BranchUpdated') and city_id is not null
),

followed as (
    select
        told.*,
        lead(from_on) over (partition by tenant_id, branch_id order by from_on, seq) as next_from_on
    from told
)

select
    tenant_id,
    branch_id,
    city_id,
    from_on,
    coalesce(next_from_on, cast({{ end_of_time() }} as date)) as to_on,
    seq as last_seq
from followed
-- two moves on one day: the later one holds
where from_on < coalesce(next_from_on, cast({{ end_of_time() }} as date))
