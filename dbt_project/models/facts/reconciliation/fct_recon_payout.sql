with credits as (
    select
        tenant_id,
        item_id,
        {{ sum_paise('credit_paise') }} as right_paise,
        min(bank_line_id) as right_ref,
        {{ seq_list('seq') }} as seqs
    from {{ ref('fct_bank_line') }}
    where substr(item_id, 1, 9) = 'L2:batch:'
    group by tenant_id, item_id
),

judged as (
    select
        batches.*,
        coalesce(credits.right_paise, 0) as right_paise,
        credits.right_ref,
        credits.seqs as credit_seqs,
        due.due_on,
        due.overdue_after_on,
        case
            when coalesce(credits.right_paise, 0) = batches.payout_paise and batches.carry_out_paise < 0
                then 'batch_carried_negative'
            when coalesce(credits.right_paise, 0) = batches.payout_paise then 'batch_matched'
            when credits.right_paise is not null then 'batch_amount_mismatch'
            when tenants.as_of_date > due.overdue_after_on then 'batch_missing'
            else 'batch_in_transit'
        end as class
    from {{ ref('proj_settlement_batches') }} as batches
    inner join {{ ref('proj_tenants') }} as tenants on batches.tenant_id = tenants.tenant_id
    inner join {{ ref('fct_recon_due') }} as due
        on batches.tenant_id = due.tenant_id and batches.item_id = due.item_id
    left join credits on batches.tenant_id = credits.tenant_id and batches.item_id = credits.item_id
)

select
    tenant_id,
    item_id,
    'L2' as leg,
    'batch' as kind,
    class,
    gateway || '/' || settlement_id as left_ref,
    right_ref,
    gateway,
    case lines_leg when 'L3' then 'pos' else 'gateway' end as channel,
    settled_on as business_date,
    due_on,
    overdue_after_on,
    payout_paise as left_paise,
    right_paise,
    least(payout_paise, right_paise) as matched_paise,
    greatest(right_paise - payout_paise, 0) as excess_paise,
    settlement_id,
    settlement_utr as utr,
    case class
        when 'batch_in_transit'
            then 'no bank credit with UTR ' || coalesce(settlement_utr, 'unknown') || ' yet, due '
                || cast(due_on as varchar)
        when 'batch_missing'
            then 'no bank credit with UTR ' || coalesce(settlement_utr, 'unknown') || ' by '
                || cast(overdue_after_on as varchar)
        when 'batch_amount_mismatch'
            then 'bank credit is off by ' || cast(right_paise - payout_paise as varchar) || ' paise'
    end as rule_missed,
    opened_on,
    due_on as aged_from_on,
    {{ joined_seqs('seqs', 'credit_seqs') }} as source_seqs
from judged
