{{ config(materialized='view', database='workings') }}

with events as (
    select
        moved.tenant_id,
        moved.seq,
        moved.event_type,
        moved.aggregate_id as claim_id,
        moved.treatment,
        moved.occurred_at,
        moved.recorded_at,
        {{ business_date('moved.occurred_at', 'tenants.utc_offset_minutes') }} as business_date,
        claims.branch_id,
        coalesce(submitted.claimed_paise, 0) as claimed_paise,
        coalesce(
            moved.gross_paise, moved.residual_paise, moved.claimed_paise, moved.disallowed_paise, moved.amount_paise,
            submitted.claimed_paise, 0
        ) as amount_paise,
        coalesce(moved.net_paise, 0) as net_paise,
        coalesce(moved.tds_paise, 0) as tds_paise,
        coalesce(moved.other_deduction_paise, 0) as other_paise,
        -- what the payer disallows at this moment: a request to look again takes of it
        cast(
            coalesce(
                sum(
                    case moved.event_type
                        when 'ClaimReprocessRequested' then -moved.amount_paise else moved.disallowed_paise
                    end
                ) over (
                    partition by moved.tenant_id, moved.aggregate_id order by moved.seq
                    rows between unbounded preceding and current row
                ),
                0
            ) as bigint
        ) as disallowed_paise
    from {{ ref('stg_claim') }} as moved
    inner join {{ ref('proj_tenants') }} as tenants on moved.tenant_id = tenants.tenant_id
    inner join {{ ref('fct_claim') }} as claims
        on moved.tenant_id = claims.tenant_id and moved.aggregate_id = claims.claim_id
    left join {{ ref('stg_claim') }} as submitted
        on moved.tenant_id = submitted.tenant_id
        and moved.aggregate_id = submitted.aggregate_id
        and submitted.event_type = 'ClaimSubmitted'
    where
        moved.event_type in (
            'ClaimSubmitted', 'ClaimAdjudicated', 'ClaimReprocessRequested', 'ClaimSettled', 'ClaimClosed',
            'ClaimCancelled'
        )
)

select
    tenant_id,
    seq as source_seq,
    branch_id,
    case event_type
        when 'ClaimSubmitted' then 'claim_submitted'
        when 'ClaimAdjudicated' then 'claim_disallowed'
        when 'ClaimReprocessRequested' then 'claim_reprocessed'
        when 'ClaimSettled' then 'claim_settled'
        when 'ClaimCancelled' then 'claim_cancelled'
        else case treatment when 'write_off' then 'claim_written_off' else 'claim_billed_back' end
    end as posting,
    business_date,
    occurred_at,
    recorded_at,
    claim_id as source_ref,
    amount_paise,
    net_paise,
    tds_paise,
    other_paise,
    disallowed_paise,
    amount_paise - disallowed_paise as rest_paise
from events
where event_type <> 'ClaimCancelled' or claimed_paise > 0
