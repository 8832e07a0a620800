with lines as (
    select
        lines.*,
        lumps.item_id as lump_item_id,
        lumps.amount_paise as part_paise,
        coalesce(lumps.part_no, 0) as part_no
    from {{ ref('proj_bank_lines') }} as lines
    left join {{ ref('fct_bank_lump') }} as lumps
        on lines.tenant_id = lumps.tenant_id and lines.bank_line_id = lumps.bank_line_id and lumps.is_matched
)

select
    tenant_id,
    bank_line_id,
    part_no,
    seq,
    bank_account_id,
    value_on,
    line_no,
    side,
    case when side = 'C' then coalesce(part_paise, amount_paise) else 0 end as credit_paise,
    case when side = 'D' then amount_paise else 0 end as debit_paise,
    narration_masked,
    utr,
    rrn,
    deposit_slip_no,
    counterparty_class,
    case when lump_item_id is null then matched_by else 'exact sum' end as matched_by,
    -- the recon item in which this line's money stands; money out stands in one only as the evidence of a refund
    case
        when item_id is not null then item_id
        when lump_item_id is not null then lump_item_id
        when side = 'D' then null
        when counterparty_class in ('gateway', 'pos') then 'L2:line:' || bank_line_id
        when counterparty_class = 'cash_deposit' then 'L4:line:' || bank_line_id
        when counterparty_class in ('upi_qr', 'unknown') then 'L5:line:' || bank_line_id
        when counterparty_class = 'insurer' then 'L6:line:' || bank_line_id
    end as item_id,
    recorded_on
from lines
