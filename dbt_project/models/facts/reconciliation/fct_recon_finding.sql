{{ config(materialized='view', database='workings') }}

with items as (
    {{ recon_rows(ref('fct_recon_gateway'), absent=['proposed_ref']) }}
    union all
    {{ recon_rows(ref('fct_recon_gateway_line'), absent=[
        'left_ref', 'due_on', 'overdue_after_on', 'left_paise', 'matched_paise', 'fee_expected_paise',
        'tax_expected_paise', 'fee_variance_paise',
    ]) }}
    union all
    {{ recon_rows(ref('fct_recon_dispute'), absent=[
        'overdue_after_on', 'fee_charged_paise', 'fee_expected_paise', 'tax_charged_paise', 'tax_expected_paise',
        'fee_variance_paise', 'utr', 'proposed_ref',
    ]) }}
    union all
    {{ recon_rows(ref('fct_recon_payout'), absent=[
        'branch_id', 'payment_id', 'appointment_id', 'mode', 'fee_charged_paise', 'fee_expected_paise',
        'tax_charged_paise', 'tax_expected_paise', 'fee_variance_paise', 'proposed_ref',
    ]) }}
    union all
    {{ recon_rows(ref('fct_recon_session'), absent=[
        'payment_id', 'appointment_id', 'gateway', 'overdue_after_on', 'fee_charged_paise', 'fee_expected_paise',
        'tax_charged_paise', 'tax_expected_paise', 'fee_variance_paise', 'settlement_id', 'utr', 'proposed_ref',
    ]) }}
    union all
    {{ recon_rows(ref('fct_recon_deposit'), absent=[
        'payment_id', 'appointment_id', 'gateway', 'fee_charged_paise', 'fee_expected_paise', 'tax_charged_paise',
        'tax_expected_paise', 'fee_variance_paise', 'settlement_id', 'utr', 'proposed_ref',
    ]) }}
    union all
    {{ recon_rows(ref('fct_recon_bank'), absent=[
        'fee_charged_paise', 'fee_expected_paise', 'tax_charged_paise', 'tax_expected_paise', 'fee_variance_paise',
        'settlement_id', 'utr', 'proposed_ref',
    ]) }}
    union all
    {{ recon_rows(ref('fct_recon_claim'), absent=[
        'payment_id', 'appointment_id', 'mode', 'fee_charged_paise', 'fee_expected_paise', 'tax_charged_paise',
        'tax_expected_paise', 'fee_variance_paise', 'settlement_id', 'proposed_ref',
    ]) }}
    union all
    {{ recon_rows(ref('fct_recon_bank_line'), absent=[
        'left_ref', 'branch_id', 'payment_id', 'appointment_id', 'gateway', 'mode', 'due_on', 'overdue_after_on',
        'left_paise', 'matched_paise', 'fee_charged_paise', 'fee_expected_paise', 'tax_charged_paise',
        'tax_expected_paise', 'fee_variance_paise', 'settlement_id',
    ]) }}
)

select
    {%- for column in recon_columns() if column != 'rule_missed' %}
    items.{{ column }},
    {%- endfor %}
    items.rule_missed || coalesce(
        '; nearest is ' || near.near_ref || ': same ' || near.near_by || ', off by '
        || case near.near_by when 'amount' then '' else cast(near.near_paise as varchar) || ' paise and ' end
        || cast(near.near_days as varchar) || ' days',
        ''
    ) as rule_missed,
    near.near_ref,
    near.near_by,
    near.near_paise,
    near.near_days,
    case
        when
            class in (
                'matched', 'netted_reversal', 'chargeback_lost', 'batch_matched', 'batch_carried_negative',
                'cash_balanced', 'deposit_matched', 'qr_matched', 'claim_matched'
            )
            then 'posted'
        when
            class in (
                'in_transit', 'on_hold', 'partially_settled', 'missing_settlement', 'batch_in_transit',
                'batch_missing', 'deposit_in_transit', 'deposit_missing', 'qr_in_transit', 'qr_missing',
                'claim_in_transit', 'claim_missing'
            )
            then 'expected'
        else 'mismatched'
    end as evidence_status,
    right_paise - left_paise as variance_paise,
    -- what there is to decide about; a dispute whose money is held has two sides that are equal
    coalesce(
        nullif(greatest(abs(left_paise - matched_paise), abs(excess_paise), abs(fee_variance_paise)), 0),
        abs(right_paise)
    ) as stake_paise,
    {{ row_hash([
        'items.item_id', 'class', 'left_paise', 'right_paise', 'matched_paise', 'excess_paise', 'fee_variance_paise',
        'source_seqs',
    ]) }} as item_hash
from items
left join {{ ref('fct_recon_near') }} as near on items.tenant_id = near.tenant_id and items.item_id = near.item_id
