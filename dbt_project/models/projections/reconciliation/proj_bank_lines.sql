-- a reference is the same in capitals and not: gateways, payers and whoever types one write it as they like
with recorded as (
    select lines.*, upper(lines.utr) as transfer_ref
    from {{ ref('stg_bank_statement') }} as lines
    where lines.event_type = 'BankLineRecorded'
),

batches as (
    select tenant_id, upper(settlement_utr) as settlement_utr, item_id
    from {{ ref('proj_settlement_batches') }}
    where utr_claim = 1
),

deposits as (
    select tenant_id, bank_account_id, upper(deposit_slip_no) as slip_ref, min(item_id) as item_id
    from {{ ref('proj_cash_deposits') }}
    group by tenant_id, bank_account_id, upper(deposit_slip_no)
),

expected as (
    select tenant_id, match_key, item_id, kind
    from {{ ref('proj_recon_keys') }}
    where leg = 'L5'
),

transfers as (
    select distinct tenant_id, upper(utr) as utr, 'L6:claim:' || upper(utr) as item_id
    from {{ ref('stg_claim') }}
    where event_type = 'ClaimSettled'
),

-- the first rule that fits claims the line: UTR of a batch, slip of a deposit, UTR of a payer's transfer, RRN and then
-- UTR of a payment or refund
claimed as (
    select
        recorded.*,
        batches.item_id as batch_item_id,
        deposits.item_id as deposit_item_id,
        transfers.item_id as claim_item_id,
        coalesce(by_rrn.item_id, by_utr.item_id) as payment_item_id
    from recorded
    left join batches
        on recorded.tenant_id = batches.tenant_id
        and recorded.transfer_ref = batches.settlement_utr
        and recorded.side = 'C'
    left join deposits
        on recorded.tenant_id = deposits.tenant_id
        and recorded.bank_account_id = deposits.bank_account_id
        and upper(recorded.deposit_slip_no) = deposits.slip_ref
        and recorded.side = 'C'
        and recorded.counterparty_class = 'cash_deposit'
    left join transfers
        on recorded.tenant_id = transfers.tenant_id
        and recorded.transfer_ref = transfers.utr
        and recorded.side = 'C'
    left join expected as by_rrn
        on recorded.tenant_id = by_rrn.tenant_id
        and recorded.rrn = by_rrn.match_key
        and by_rrn.kind = case recorded.side when 'C' then 'qr' else 'refund' end
        and recorded.counterparty_class in ('upi_qr', 'unknown')
    left join expected as by_utr
        on recorded.tenant_id = by_utr.tenant_id
        and recorded.transfer_ref = by_utr.match_key
        and by_utr.kind = case recorded.side when 'C' then 'qr' else 'refund' end
        and recorded.counterparty_class in ('upi_qr', 'unknown')
)

select
    claimed.tenant_id,
    claimed.bank_line_id,
    claimed.seq,
    claimed.bank_account_id,
    claimed.value_on,
    claimed.line_no,
    claimed.side,
    claimed.amount_paise,
    claimed.narration_masked,
    claimed.transfer_ref as utr,
    claimed.rrn,
    claimed.deposit_slip_no,
    claimed.counterparty_class,
    coalesce(claimed.batch_item_id, claimed.deposit_item_id, claimed.claim_item_id, claimed.payment_item_id)
        as item_id,
    case
        when claimed.batch_item_id is not null then 'UTR'
        when claimed.deposit_item_id is not null then 'slip number'
        when claimed.claim_item_id is not null then 'UTR'
        when claimed.payment_item_id is not null then 'RRN or UTR'
    end as matched_by,
    {{ business_date('claimed.recorded_at', 'tenants.utc_offset_minutes') }} as recorded_on
from claimed
inner join {{ ref('proj_tenants') }} as tenants on claimed.tenant_id = tenants.tenant_id
