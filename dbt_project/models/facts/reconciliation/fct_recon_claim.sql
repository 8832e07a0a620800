with told as (
    select
        tenant_id,
        item_id,
        min(utr) as utr,
        case when min(claim_id) = max(claim_id) then min(claim_id) else min(utr) end as left_ref,
        case when min(branch_id) = max(branch_id) then min(branch_id) else '-1' end as branch_id,
        min(paid_on) as business_date,
        min(told_on) as opened_on,
        {{ sum_paise('net_paise') }} as left_paise,
        {{ seq_list('seq') }} as seqs
    from {{ ref('fct_claim_settlement') }}
    group by tenant_id, item_id
),

credits as (
    select
        tenant_id,
        item_id,
        {{ sum_paise('credit_paise') }} as right_paise,
        min(bank_line_id) as right_ref,
        {{ seq_list('seq') }} as seqs
    from {{ ref('fct_bank_line') }}
    where substr(item_id, 1, 9) = 'L6:claim:'
    group by tenant_id, item_id
),

judged as (
    select
        told.*,
        coalesce(credits.right_paise, 0) as right_paise,
        credits.right_ref,
        credits.seqs as credit_seqs,
        due.due_on,
        due.overdue_after_on,
        case
            when coalesce(credits.right_paise, 0) = told.left_paise then 'claim_matched'
            when credits.right_paise is not null then 'claim_amount_mismatch'
            when tenants.as_of_date > due.overdue_after_on then 'claim_missing'
            else 'claim_in_transit'
        end as class
    from told
    inner join {{ ref('proj_tenants') }} as tenants on told.tenant_id = tenants.tenant_id
    inner join {{ ref('fct_recon_due') }} as due on told.tenant_id = due.tenant_id and told.item_id = due.item_id
    left join credits on told.tenant_id = credits.tenant_id and told.item_id = credits.item_id
)

select
    tenant_id,
    item_id,
    'L6' as leg,
    'claim' as kind,
    class,
    left_ref,
    right_ref,
    branch_id,
    'insurer' as gateway,
    'insurer' as channel,
    business_date,
    due_on,
    overdue_after_on,
    left_paise,
    right_paise,
    least(left_paise, right_paise) as matched_paise,
    greatest(right_paise - left_paise, 0) as excess_paise,
    utr,
    case class
        when 'claim_in_transit'
            then 'no bank credit with UTR ' || utr || ' yet, due ' || cast(due_on as varchar)
        when 'claim_missing'
            then 'no bank credit with UTR ' || utr || ' by ' || cast(overdue_after_on as varchar)
        when 'claim_amount_mismatch'
            then 'bank credit is off by ' || cast(right_paise - left_paise as varchar) || ' paise'
    end as rule_missed,
    opened_on,
    due_on as aged_from_on,
    {{ joined_seqs('seqs', 'credit_seqs') }} as source_seqs
from judged
