with money as (
    select
        tenant_id,
        item_id,
        {{ sum_paise('credit_paise + debit_paise') }} as right_paise,
        min(bank_line_id) as right_ref,
        {{ seq_list('seq') }} as seqs
    from {{ ref('fct_bank_line') }}
    where substr(item_id, 1, 6) = 'L5:qr:' or substr(item_id, 1, 10) = 'L5:refund:'
    group by tenant_id, item_id
),

judged as (
    select
        expected.*,
        payments.branch_id,
        payments.appointment_id,
        coalesce(money.right_paise, 0) as right_paise,
        money.right_ref,
        money.seqs,
        coalesce(due.due_on, payments.due_on) as due_on,
        coalesce(due.overdue_after_on, payments.overdue_after_on) as overdue_after_on,
        case
            when money.right_paise is null and expected.left_paise = 0 then 'netted_reversal'
            when money.right_paise = expected.left_paise then 'qr_matched'
            when money.right_paise is not null then 'qr_amount_mismatch'
            when tenants.as_of_date > coalesce(due.overdue_after_on, payments.overdue_after_on) then 'qr_missing'
            else 'qr_in_transit'
        end as class
    from {{ ref('proj_recon_expectations') }} as expected
    inner join {{ ref('proj_tenants') }} as tenants on expected.tenant_id = tenants.tenant_id
    inner join {{ ref('fct_payment') }} as payments
        on expected.tenant_id = payments.tenant_id and expected.payment_id = payments.payment_id
    left join {{ ref('fct_recon_due') }} as due
        on expected.tenant_id = due.tenant_id and expected.item_id = due.item_id
    left join money on expected.tenant_id = money.tenant_id and expected.item_id = money.item_id
    where expected.leg = 'L5'
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
    due_on,
    overdue_after_on,
    left_paise,
    right_paise,
    least(left_paise, right_paise) as matched_paise,
    greatest(right_paise - left_paise, 0) as excess_paise,
    case class
        when 'qr_in_transit'
            then 'no bank line with reference ' || coalesce(match_key, 'unknown') || ' yet, due '
                || cast(due_on as varchar)
        when 'qr_missing'
            then 'no bank line with reference ' || coalesce(match_key, 'unknown') || ' by '
                || cast(overdue_after_on as varchar)
        when 'qr_amount_mismatch' then 'bank line is off by ' || cast(right_paise - left_paise as varchar) || ' paise'
    end as rule_missed,
    recorded_on as opened_on,
    due_on as aged_from_on,
    {{ joined_seqs('cast(left_seq as varchar)', 'seqs') }} as source_seqs
from judged
