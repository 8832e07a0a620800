with queries as (
    select
        tenant_id,
        aggregate_id as claim_id,
        query_id,
        max(stage) as stage,
        max(due_at) as due_at,
        max(case when event_type = 'ClaimQueried' then occurred_at end) as raised_at,
        max(case when event_type = 'ClaimQueried' then seq end) as raised_seq,
        max(case when event_type = 'ClaimQueryAnswered' then occurred_at end) as answered_at,
        -- asked while nothing was being decided: it waits for an answer and holds nothing up
        max(case when flags like '%unexpected_state%' then 1 else 0 end) = 1 as is_odd
    from {{ ref('stg_claim') }}
    where event_type in ('ClaimQueried', 'ClaimQueryAnswered')
    group by tenant_id, aggregate_id, query_id
)

select
    queries.tenant_id,
    queries.claim_id,
    queries.query_id,
    queries.stage,
    queries.raised_at,
    queries.due_at,
    queries.answered_at,
    -- a decision, and for the preauthorisation the claim itself, ends the queries of its stage
    queries.answered_at is null
    and queries.raised_seq > coalesce(claims.ended_seq, 0)
    and queries.raised_seq > case queries.stage
        when 'claim' then coalesce(claims.decided_seq, 0)
        else greatest(coalesce(preauths.decided_seq, 0), coalesce(claims.submitted_seq, 0))
    end as is_open,
    not queries.is_odd
    and queries.raised_seq > case queries.stage
        when 'claim' then coalesce(claims.asked_seq, 0) else coalesce(preauths.asked_seq, 0)
    end as is_holding_up,
    queries.raised_seq as last_seq
from queries
inner join {{ ref('proj_claim_totals') }} as claims
    on queries.tenant_id = claims.tenant_id and queries.claim_id = claims.claim_id
left join {{ ref('proj_preauths') }} as preauths
    on queries.tenant_id = preauths.tenant_id and queries.claim_id = preauths.claim_id
