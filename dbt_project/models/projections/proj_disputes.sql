select
    tenant_id,
    payment_id,
    dispute_id,
    max(branch_id) as branch_id,
    max(gateway_dispute_id) as gateway_dispute_id,
    max(case when event_type = 'DisputeOpened' then amount_paise end) as amount_paise,
    max(phase) as phase,
    max(case when event_type = 'DisputeOpened' then occurred_at end) as opened_at,
    max(case when event_type = 'DisputeResolved' then occurred_at end) as resolved_at,
    coalesce(max(case when event_type = 'DisputeResolved' then outcome end), 'open') as state,
    max(case when deduct_at_onset then 1 else 0 end) = 1 as is_deducted_at_onset,
    coalesce(max(amount_deducted_paise), 0) as amount_deducted_paise,
    coalesce(max(covered_paise), 0) as covered_paise,
    coalesce(max(uncovered_paise), 0) as uncovered_paise,
    min(seq) as first_seq,
    max(seq) as last_seq
from {{ ref('stg_payment') }}
where dispute_id is not null
group by tenant_id, payment_id, dispute_id
