with tiers as (
    select
        tenant_id,
        seq,
        min(case when forfeit_bps = 0 then min_lead_seconds end) as free_window_seconds,
        max(forfeit_bps) as max_forfeit_bps
    from {{ ref('stg_policy__body_tiers') }}
    group by tenant_id, seq
),

retired as (
    select tenant_id, policy_version_id, min(effective_to) as effective_to, max(seq) as seq
    from {{ ref('stg_policy') }}
    where event_type = 'PolicyRetired'
    group by tenant_id, policy_version_id
),

versions as (
    select
        policies.tenant_id,
        policies.kind,
        policies.scope_level
        || coalesce(':' || coalesce(policies.scope_branch_id, policies.scope_city_id), '') as scope_key,
        policies.policy_version_id,
        policies.body_mode as deposit_mode,
        policies.body_bps as deposit_bps,
        policies.body_fixed_paise as deposit_fixed_paise,
        tiers.free_window_seconds,
        tiers.max_forfeit_bps,
        policies.body_noshow_forfeit_bps as noshow_forfeit_bps,
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
    left join tiers on policies.tenant_id = tiers.tenant_id and policies.seq = tiers.seq
    left join retired
        on policies.tenant_id = retired.tenant_id and policies.policy_version_id = retired.policy_version_id
    -- a version retired at its own beginning never held, and ends no other
    where policies.event_type = 'PolicyPublished' and coalesce(retired.effective_to > policies.effective_from, true)
),

-- what holds while nobody has published anything (DOMAIN §2.3)
defaults as (
    select
        tenants.tenant_id,
        kinds.kind,
        'default' as scope_key,
        'pol_default_' || kinds.kind as policy_version_id,
        case when kinds.kind = 'deposit' then 'none' end as deposit_mode,
        cast(case when kinds.kind = 'deposit' then 0 end as bigint) as deposit_bps,
        cast(case when kinds.kind = 'deposit' then 0 end as bigint) as deposit_fixed_paise,
        cast(case when kinds.kind = 'cancellation' then 86400 end as bigint) as free_window_seconds,
        cast(case when kinds.kind = 'cancellation' then 10000 end as bigint) as max_forfeit_bps,
        cast(case when kinds.kind = 'cancellation' then 10000 end as bigint) as noshow_forfeit_bps,
        {{ start_of_time() }} as valid_from,
        {{ end_of_time() }} as valid_to,
        0 as last_seq
    from {{ ref('proj_tenants') }} as tenants
    cross join (
        select 'cancellation' as kind
        union all
        select 'deposit'
        union all
        select 'follow_up'
        union all
        select 'refund'
    ) as kinds
)

select
    {{ surrogate_key(['tenant_id', 'kind', 'scope_key', epoch_seconds('valid_from')]) }} as policy_sk,
    members.*,
    valid_to = {{ end_of_time() }} as is_current
from (
    select * from versions
    union all
    select * from defaults
) as members
where valid_to > valid_from
