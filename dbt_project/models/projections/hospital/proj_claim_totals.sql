-- The terms of INV-C1 and the moments of a claim.
with running as (
    select
        events.*,
        sum(
            case event_type
                when 'ClaimSubmitted' then claimed_paise
                when 'ClaimAdjudicated' then -approved_paise - disallowed_paise
                when 'ClaimReprocessRequested' then amount_paise
                else 0
            end
        ) over (
            partition by tenant_id, aggregate_id order by seq rows between unbounded preceding and current row
        ) as undecided_paise
    from {{ ref('stg_claim') }} as events
)

select
    tenant_id,
    aggregate_id as claim_id,
    max(patient_key) as patient_key,
    max(payer_id) as payer_id,
    max_by(coverage_id, seq) filter (where event_type = 'CoverageEligibilityRequested') as coverage_id,
    max_by(branch_id, seq) filter (where branch_id is not null) as branch_id,
    max_by(admission_id, seq) filter (where admission_id is not null) as admission_id,
    max(invoice_id) as invoice_id,
    max_by(preauth_ref, seq) filter (where event_type = 'PreauthApproved') as preauth_ref,
    coalesce(max_by(approved_paise, seq) filter (where event_type = 'PreauthApproved'), 0) as preauth_paise,
    coalesce(max(claimed_paise), 0) as claimed_paise,
    coalesce(max(copay_paise), 0) as copay_paise,
    {{ sum_paise('approved_paise', "event_type = 'ClaimAdjudicated'") }} as approved_paise,
    {{ sum_paise(
        "case event_type when 'ClaimAdjudicated' then disallowed_paise when 'ClaimReprocessRequested' then -amount_paise end"
    ) }} as disallowed_paise,
    {{ sum_paise('gross_paise') }} as settled_gross_paise,
    {{ sum_paise('tds_paise') }} as tds_paise,
    {{ sum_paise('other_deduction_paise') }} as other_deduction_paise,
    {{ sum_paise('net_paise') }} as net_paise,
    {{ count_if("event_type = 'ClaimSettled'") }} as settlements_n,
    {{ count_if("event_type = 'ClaimReprocessRequested'") }} as reprocesses_n,
    max(treatment) as treatment,
    max(residual_paise) as residual_paise,
    max(case when event_type = 'CoverageEligibilityRecorded' then 1 else 0 end) = 1 as is_checked,
    max(case when event_type = 'CoverageEligibilityRequested' then occurred_at end) as opened_at,
    max(case when event_type = 'ClaimSubmitted' then occurred_at end) as submitted_at,
    max(case when event_type = 'ClaimAdjudicated' then occurred_at end) as adjudicated_at,
    max(case when event_type = 'ClaimSettled' then occurred_at end) as settled_at,
    max(case when event_type = 'ClaimClosed' then occurred_at end) as closed_at,
    max(case when event_type = 'ClaimCancelled' then occurred_at end) as cancelled_at,
    max(case when event_type = 'ClaimSubmitted' then seq end) as submitted_seq,
    max(case when event_type in ('ClaimSubmitted', 'ClaimReprocessRequested') then seq end) as asked_seq,
    max(
        case
            when event_type = 'ClaimAdjudicated' and undecided_paise = 0 and approved_paise + disallowed_paise > 0
                then seq
        end
    ) as decided_seq,
    max(case when event_type in ('ClaimClosed', 'ClaimCancelled') then seq end) as ended_seq,
    min(seq) as first_seq,
    max(seq) as last_seq
from running
group by tenant_id, aggregate_id
