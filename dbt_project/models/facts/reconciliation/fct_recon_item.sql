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
    {{ recon_rows(ref('fct_recon_bank_line'), absent=[
        'left_ref', 'branch_id', 'payment_id', 'appointment_id', 'gateway', 'mode', 'due_on', 'overdue_after_on',
        'left_paise', 'matched_paise', 'fee_charged_paise', 'fee_expected_paise', 'tax_charged_paise',
        'tax_expected_paise', 'fee_variance_paise', 'settlement_id',
    ]) }}
),

weighed as (
    select
        items.*,
        case
            when
                class in (
                    'matched', 'netted_reversal', 'chargeback_lost', 'batch_matched', 'batch_carried_negative',
                    'cash_balanced', 'deposit_matched', 'qr_matched'
                )
                then 'posted'
            when
                class in (
                    'in_transit', 'on_hold', 'partially_settled', 'missing_settlement', 'batch_in_transit',
                    'batch_missing', 'deposit_in_transit', 'deposit_missing', 'qr_in_transit', 'qr_missing'
                )
                then 'expected'
            else 'mismatched'
        end as status,
        right_paise - left_paise as variance_paise
    from items
)

select
    weighed.*,
    status <> 'posted' as is_open,
    status = 'mismatched' or class in ('missing_settlement', 'batch_missing', 'deposit_missing', 'qr_missing')
        as is_exception,
    {{ days_between('weighed.aged_from_on', 'tenants.as_of_date') }} as age_days,
    -- an item is open from the day that brought it until something posts it
    case when status <> 'posted' then opened_on end as first_open_on,
    {{ row_hash([
        'item_id', 'class', 'left_paise', 'right_paise', 'matched_paise', 'excess_paise', 'fee_variance_paise',
        'source_seqs',
    ]) }} as item_hash,
    tenants.as_of
from weighed
inner join {{ ref('proj_tenants') }} as tenants on weighed.tenant_id = tenants.tenant_id
