-- a refund at normal speed costs nothing; what an instant one costs is not in the contract
with audited as (
    select
        expected.*,
        payments.branch_id,
        payments.appointment_id,
        coalesce(evidence.matched_paise, 0) as matched_paise,
        coalesce(evidence.excess_paise, 0) as excess_paise,
        expected.left_paise - coalesce(evidence.matched_paise, 0) as rem_paise,
        coalesce(evidence.fee_charged_paise, 0) as fee_charged_paise,
        coalesce(evidence.tax_charged_paise, 0) as tax_charged_paise,
        case
            when expected.kind = 'payment' then payments.expected_fee_paise
            when expected.state = 'instant' then coalesce(evidence.fee_charged_paise, 0)
            else 0
        end as fee_expected_paise,
        case
            when expected.kind = 'payment' then payments.expected_tax_paise
            when expected.state = 'instant' then coalesce(evidence.tax_charged_paise, 0)
            else 0
        end as tax_expected_paise,
        coalesce(evidence.settled_n, 0) as settled_n,
        coalesce(evidence.held_n, 0) as held_n,
        evidence.first_line_id,
        evidence.settlement_id,
        evidence.utr,
        evidence.seqs,
        coalesce(due.due_on, payments.due_on) as due_on,
        coalesce(due.overdue_after_on, payments.overdue_after_on) as overdue_after_on,
        tenants.as_of_date > coalesce(due.overdue_after_on, payments.overdue_after_on) as is_overdue
    from {{ ref('proj_recon_expectations') }} as expected
    inner join {{ ref('proj_tenants') }} as tenants on expected.tenant_id = tenants.tenant_id
    inner join {{ ref('fct_payment') }} as payments
        on expected.tenant_id = payments.tenant_id and expected.payment_id = payments.payment_id
    left join {{ ref('fct_recon_due') }} as due
        on expected.tenant_id = due.tenant_id and expected.item_id = due.item_id
    left join {{ ref('fct_recon_gateway_evidence') }} as evidence
        on expected.tenant_id = evidence.tenant_id and expected.item_id = evidence.item_id
    where expected.leg in ('L1', 'L3') and expected.kind in ('payment', 'refund')
),

judged as (
    select
        audited.*,
        case
            when matched_paise = 0 and excess_paise = 0 and left_paise = 0 then 'netted_reversal'
            when settled_n = 0 and held_n > 0 then 'on_hold'
            when matched_paise = 0 and excess_paise = 0 and is_overdue then 'missing_settlement'
            when matched_paise = 0 and excess_paise = 0 then 'in_transit'
            when excess_paise > 0 then 'amount_mismatch_over'
            when rem_paise > 0 and is_overdue then 'amount_mismatch_short'
            when rem_paise > 0 then 'partially_settled'
            when
                abs(fee_charged_paise - fee_expected_paise) > 1 or abs(tax_charged_paise - tax_expected_paise) > 1
                then 'matched_fee_variance'
            else 'matched'
        end as class
    from audited
)

select
    tenant_id,
    item_id,
    leg,
    kind,
    class,
    left_ref,
    first_line_id as right_ref,
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
    matched_paise + excess_paise as right_paise,
    matched_paise,
    excess_paise,
    fee_charged_paise,
    fee_expected_paise,
    tax_charged_paise,
    tax_expected_paise,
    case
        when class in ('matched', 'matched_fee_variance')
            then fee_charged_paise + tax_charged_paise - fee_expected_paise - tax_expected_paise
        else 0
    end as fee_variance_paise,
    settlement_id,
    utr,
    case class
        when 'in_transit'
            then case leg when 'L3' then 'M3' else 'M1' end
                || ' found no line of '
                || coalesce(match_key, 'an unknown id')
                || ' yet, due ' || cast(due_on as varchar)
        when 'partially_settled'
            then 'lines settle ' || cast(rem_paise as varchar) || ' paise less so far, due ' || cast(due_on as varchar)
        when 'missing_settlement'
            then case leg when 'L3' then 'M3' else 'M1' end
                || ' found no line of '
                || coalesce(match_key, 'an unknown id')
                || ' by ' || cast(overdue_after_on as varchar)
        when 'amount_mismatch_short' then 'lines settle ' || cast(rem_paise as varchar) || ' paise less'
        when 'amount_mismatch_over' then 'line settles ' || cast(excess_paise as varchar) || ' paise more'
        when 'matched_fee_variance'
            then 'fee off by ' || cast(fee_charged_paise - fee_expected_paise as varchar)
                || ' paise, tax by ' || cast(tax_charged_paise - tax_expected_paise as varchar)
        when 'on_hold' then 'every line is held, ' || cast(left_paise as varchar) || ' paise wait'
    end as rule_missed,
    recorded_on as opened_on,
    due_on as aged_from_on,
    {{ joined_seqs('cast(left_seq as varchar)', 'seqs') }} as source_seqs
from judged
