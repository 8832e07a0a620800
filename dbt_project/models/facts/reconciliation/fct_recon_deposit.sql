with credits as (
    select
        tenant_id,
        item_id,
        {{ sum_paise('credit_paise') }} as right_paise,
        min(bank_line_id) as right_ref,
        {{ seq_list('seq') }} as seqs
    from {{ ref('fct_bank_line') }}
    where substr(item_id, 1, 11) = 'L4:deposit:'
    group by tenant_id, item_id
),

deposits as (
    select
        slips.*,
        coalesce(credits.right_paise, 0) as right_paise,
        credits.right_ref,
        credits.seqs as credit_seqs,
        due.due_on,
        due.overdue_after_on,
        case
            when credits.right_paise = slips.amount_paise then 'deposit_matched'
            when credits.right_paise is not null then 'deposit_mismatch'
            when tenants.as_of_date > due.overdue_after_on then 'deposit_missing'
            else 'deposit_in_transit'
        end as class,
        {{ business_date('slips.recorded_at', 'tenants.utc_offset_minutes') }} as opened_on
    from {{ ref('proj_cash_deposits') }} as slips
    inner join {{ ref('proj_tenants') }} as tenants on slips.tenant_id = tenants.tenant_id
    inner join {{ ref('fct_recon_due') }} as due on slips.tenant_id = due.tenant_id and slips.item_id = due.item_id
    left join credits on slips.tenant_id = credits.tenant_id and slips.item_id = credits.item_id
)

select
    tenant_id,
    item_id,
    'L4' as leg,
    'deposit' as kind,
    class,
    deposit_slip_no as left_ref,
    right_ref,
    branch_id,
    'drawer' as channel,
    'cash' as mode,
    deposited_on as business_date,
    due_on,
    overdue_after_on,
    amount_paise as left_paise,
    right_paise,
    least(amount_paise, right_paise) as matched_paise,
    greatest(right_paise - amount_paise, 0) as excess_paise,
    case class
        when 'deposit_in_transit'
            then 'no bank credit with slip ' || deposit_slip_no || ' yet, due ' || cast(due_on as varchar)
        when 'deposit_missing'
            then
                'no bank credit with slip ' || deposit_slip_no || ' by ' || cast(overdue_after_on as varchar)
        when 'deposit_mismatch'
            then 'bank credit is off by ' || cast(right_paise - amount_paise as varchar) || ' paise'
    end as rule_missed,
    opened_on,
    due_on as aged_from_on,
    {{ joined_seqs('seqs', 'credit_seqs') }} as source_seqs
from deposits
