-- Each ask (a preauthorisation, an enhancement of it) is decided by the first answer after it; what is said again is
-- not another decision.
with numbered as (
    select
        tenant_id,
        aggregate_id as claim_id,
        seq,
        event_type,
        coalesce(amount_paise, additional_paise) as asked_paise,
        count(case when event_type in ('PreauthSubmitted', 'PreauthEnhancementRequested') then 1 end) over (
            partition by tenant_id, aggregate_id order by seq rows between unbounded preceding and current row
        ) as ask_no
    from {{ ref('stg_claim') }}
    where
        event_type in ('PreauthSubmitted', 'PreauthEnhancementRequested', 'PreauthApproved', 'PreauthRejected')
),

asks as (
    select
        tenant_id,
        claim_id,
        ask_no,
        max(asked_paise) as asked_paise,
        min(seq) as asked_seq,
        min(case when event_type in ('PreauthApproved', 'PreauthRejected') then seq end) as decided_seq,
        min_by(event_type, seq) filter (where event_type in ('PreauthApproved', 'PreauthRejected')) as decision
    from numbered
    where ask_no > 0
    group by tenant_id, claim_id, ask_no
)

select
    tenant_id,
    claim_id,
    -- an enhancement that was rejected is as if never asked for
    {{ sum_paise('asked_paise', "ask_no = 1 or decision is null or decision = 'PreauthApproved'") }} as requested_paise,
    max(ask_no) as asks_n,
    max(asked_seq) as asked_seq,
    max(decided_seq) as decided_seq,
    case
        when count(*) > count(decided_seq) and max(ask_no) = 1 then 'preauth_submitted'
        when count(*) > count(decided_seq) then 'enhancement_submitted'
        when max(ask_no) = 1 and max(decision) = 'PreauthRejected' then 'preauth_rejected'
        else 'preauth_approved'
    end as status
from asks
group by tenant_id, claim_id
