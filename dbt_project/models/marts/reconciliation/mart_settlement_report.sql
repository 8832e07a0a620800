with lines as (
    select
        lines.*,
        items.class as item_class,
        items.fee_variance_paise,
        -- an item's fee variance is told once, where its last line stands
        row_number() over (
            partition by lines.tenant_id, lines.item_id, lines.outcome order by lines.place desc
        ) as place_from_last
    from {{ ref('fct_settlement_line') }} as lines
    left join {{ ref('fct_recon_item') }} as items
        on lines.tenant_id = items.tenant_id and lines.item_id = items.item_id
    where lines.is_settled
),

settlements as (
    select
        tenant_id,
        gateway,
        settlement_id,
        {{ count_if("entity_type = 'payment'") }} as payments_n,
        {{ sum_paise('amount_paise', "entity_type = 'payment'") }} as payments_gross_paise,
        {{ count_if("entity_type = 'refund'") }} as refunds_n,
        {{ sum_paise('amount_paise', "entity_type = 'refund'") }} as refunds_paise,
        {{ sum_paise('credit_paise - debit_paise', "entity_type in ('adjustment', 'transfer')") }}
            as adjustments_net_paise,
        {{ sum_paise('fee_excl_paise', "entity_type in ('payment', 'refund')") }} as fee_paise,
        {{ sum_paise('tax_paise', "entity_type in ('payment', 'refund')") }} as tax_paise,
        {{ sum_paise('credit_paise - debit_paise') }} as net_paise,
        {{ count_if("outcome = 'consumed' and item_class = 'matched'") }} as matched_n,
        {{ count_if("outcome = 'consumed' and item_class = 'matched_fee_variance'") }} as fee_variance_n,
        {{ sum_paise('fee_variance_paise', "outcome = 'consumed' and place_from_last = 1") }} as fee_variance_paise,
        {{ count_if("outcome = 'orphan_settlement'") }} as orphan_n,
        {{ sum_paise(
            "case entity_type when 'refund' then -amount_paise else amount_paise end", "outcome = 'orphan_settlement'"
        ) }} as orphan_paise,
        {{ count_if("outcome = 'duplicate_settlement'") }} as duplicate_n,
        {{ sum_paise(
            "case entity_type when 'refund' then -amount_paise else amount_paise end", "outcome = 'duplicate_settlement'"
        ) }} as duplicate_paise,
        {{ count_if("outcome = 'status_conflict'") }} as status_conflict_n
    from lines
    group by tenant_id, gateway, settlement_id
),

credits as (
    select
        tenant_id,
        item_id,
        min(bank_line_id) as bank_line_id,
        min(value_on) as bank_value_on
    from {{ ref('fct_bank_line') }}
    group by tenant_id, item_id
)

select
    settlements.tenant_id,
    settlements.gateway,
    settlements.settlement_id,
    batches.utr as settlement_utr,
    batches.business_date as settled_on,
    settlements.payments_n,
    settlements.payments_gross_paise,
    settlements.refunds_n,
    settlements.refunds_paise,
    settlements.adjustments_net_paise,
    settlements.fee_paise,
    settlements.tax_paise,
    settlements.net_paise,
    credits.bank_line_id,
    credits.bank_value_on,
    batches.right_paise as bank_paise,
    batches.variance_paise as bank_variance_paise,
    settlements.matched_n,
    settlements.fee_variance_n,
    settlements.fee_variance_paise,
    settlements.orphan_n,
    settlements.orphan_paise,
    settlements.duplicate_n,
    settlements.duplicate_paise,
    settlements.status_conflict_n,
    {{ days_between('batches.business_date', 'credits.bank_value_on') }} as days_to_bank,
    batches.class as batch_class,
    batches.source_seqs
from settlements
inner join {{ ref('fct_recon_item') }} as batches
    on settlements.tenant_id = batches.tenant_id
    and 'L2:batch:' || settlements.gateway || '/' || settlements.settlement_id = batches.item_id
left join credits on batches.tenant_id = credits.tenant_id and batches.item_id = credits.item_id
