with held as (
    select
        tenant_id,
        item_id,
        {{ sum_paise('evidence_paise') }} as right_paise,
        min(line_id) as right_ref,
        min(settlement_id) as settlement_id,
        {{ seq_list('seq') }} as seqs
    from {{ ref('fct_settlement_line') }}
    where outcome = 'dispute'
    group by tenant_id, item_id
),

judged as (
    select
        disputes.*,
        payments.branch_id,
        payments.appointment_id,
        coalesce(held.right_paise, 0) as right_paise,
        held.right_ref,
        held.settlement_id,
        held.seqs,
        case
            when disputes.state = 'lost' then 'chargeback_lost'
            when disputes.state = 'open' and coalesce(held.right_paise, 0) <> 0 then 'disputed'
            when disputes.state = 'open' then 'in_transit'
            when coalesce(held.right_paise, 0) = 0 then 'matched'
            else 'disputed'
        end as class
    from {{ ref('proj_recon_expectations') }} as disputes
    inner join {{ ref('fct_payment') }} as payments
        on disputes.tenant_id = payments.tenant_id and disputes.payment_id = payments.payment_id
    left join held on disputes.tenant_id = held.tenant_id and disputes.item_id = held.item_id
    where disputes.kind = 'dispute'
)

select
    tenant_id,
    item_id,
    leg,
    kind,
    class,
    left_ref,
    right_ref,
    branch_id,
    payment_id,
    appointment_id,
    gateway,
    channel,
    mode,
    business_date,
    business_date as due_on,
    left_paise,
    right_paise,
    greatest(least(left_paise, right_paise), 0) as matched_paise,
    greatest(right_paise - left_paise, 0) as excess_paise,
    settlement_id,
    case
        when class = 'in_transit' then 'dispute is open, ' || cast(left_paise as varchar) || ' paise not held yet'
        when class = 'disputed' and state = 'open'
            then 'dispute is open, ' || cast(right_paise as varchar) || ' paise held'
        when class = 'disputed'
            then 'dispute is ' || state || ', ' || cast(right_paise as varchar) || ' paise not released'
    end as rule_missed,
    recorded_on as opened_on,
    business_date as aged_from_on,
    {{ joined_seqs('cast(left_seq as varchar)', 'seqs') }} as source_seqs
from judged
