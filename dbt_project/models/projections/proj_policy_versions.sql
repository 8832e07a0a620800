with retired as (
    select tenant_id, policy_version_id, min(effective_to) as effective_to, max(seq) as seq
    from {{ ref('stg_policy') }}
    where event_type = 'PolicyRetired'
    group by tenant_id, policy_version_id
),

versions as (
    select
        policies.tenant_id,
        policies.seq as published_seq,
        policies.policy_version_id,
        policies.kind,
        policies.scope_level,
        policies.scope_city_id,
        policies.scope_branch_id,
        policies.effective_from as valid_from,
        least(
            coalesce(retired.effective_to, {{ end_of_time() }}),
            coalesce(
                lead(policies.effective_from) over (
                    partition by policies.tenant_id, policies.aggregate_id
                    order by policies.effective_from, policies.seq
                ),
                {{ end_of_time() }}
            )
        ) as valid_to,
        greatest(policies.seq, coalesce(retired.seq, 0)) as last_seq
    from {{ ref('stg_policy') }} as policies
    left join retired
        on policies.tenant_id = retired.tenant_id and policies.policy_version_id = retired.policy_version_id
    -- a version retired at its own beginning never held, and ends no other
    where policies.event_type = 'PolicyPublished' and coalesce(retired.effective_to > policies.effective_from, true)
)

select * from versions
where valid_to > valid_from
