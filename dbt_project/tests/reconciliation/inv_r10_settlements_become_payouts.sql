-- INV-R10: per leg, gross less fees, tax, refunds and holds, plus adjustments = batch nets = bank + what is cleared yet.
with parts as (
    select
        items.tenant_id,
        items.leg,
        sum(
            case
                when items.kind = 'refund' or lines.entity_type = 'refund' or items.kind = 'dispute'
                    then -items.right_paise
                else items.right_paise
            end
        ) as moved_paise,
        sum(items.fee_charged_paise + items.tax_charged_paise) as charged_paise
    from {{ ref('fct_recon_item') }} as items
    left join {{ ref('fct_settlement_line') }} as lines
        on items.tenant_id = lines.tenant_id and items.item_id = lines.item_id and items.kind = 'line'
    where items.leg in ('L1', 'L3')
    group by items.tenant_id, items.leg
),

batches as (
    select
        tenant_id,
        lines_leg as leg,
        sum(net_paise) as net_paise,
        sum(payout_paise) as payout_paise,
        -sum(carry_in_paise - carry_out_paise) as debt_paise
    from {{ ref('proj_settlement_batches') }}
    group by tenant_id, lines_leg
),

paid as (
    select
        tenant_id,
        case channel when 'pos' then 'L3' else 'L1' end as leg,
        sum(matched_paise) as bank_paise,
        sum(left_paise - matched_paise) as clearing_paise
    from {{ ref('fct_recon_item') }}
    where kind = 'batch'
    group by tenant_id, case channel when 'pos' then 'L3' else 'L1' end
)

select parts.*
from parts
left join batches on parts.tenant_id = batches.tenant_id and parts.leg = batches.leg
left join paid on parts.tenant_id = paid.tenant_id and parts.leg = paid.leg
where
    parts.moved_paise - parts.charged_paise <> coalesce(batches.net_paise, 0)
    or coalesce(batches.net_paise, 0) <> coalesce(paid.bank_paise + paid.clearing_paise + batches.debt_paise, 0)
