{{ config(database='workings') }}

with lines as (
    select
        lines.*,
        coalesce(items.branch_id, '-1') as branch_id,
        told.occurred_at,
        told.recorded_at,
        {{ share_bps('lines.tax_paise', 'coalesce(settings.itc_eligible_bps, 0)') }} as input_credit_paise
    from {{ ref('fct_settlement_line') }} as lines
    inner join {{ ref('stg_settlement_file') }} as told on lines.tenant_id = told.tenant_id and lines.seq = told.seq
    left join {{ ref('fct_recon_item') }} as items
        on lines.tenant_id = items.tenant_id and lines.item_id = items.item_id
    left join {{ ref('proj_tenant_settings') }} as settings
        on lines.tenant_id = settings.tenant_id
        and lines.settled_on >= settings.valid_from
        and lines.settled_on < settings.valid_to
    -- a held line is news, not money
    where lines.outcome <> 'held'
)

select
    tenant_id,
    seq as source_seq,
    branch_id,
    case
        when outcome = 'consumed' and entity_type = 'payment' and leg = 'L3' then 'settled_pos'
        when outcome = 'consumed' and entity_type = 'payment' then 'settled_gateway'
        when outcome = 'consumed' and leg = 'L3' then 'repaid_pos'
        when outcome = 'consumed' then 'repaid_gateway'
        when outcome = 'dispute' and debit_paise > 0 then 'dispute_held'
        when outcome = 'dispute' then 'dispute_released'
        when outcome = 'unexpected_adjustment' and debit_paise > 0 then 'adjusted_down'
        when outcome = 'unexpected_adjustment' then 'adjusted_up'
        when entity_type = 'refund' then 'unexplained_repayment'
        else 'unexplained_receipt'
    end as posting,
    settled_on as business_date,
    occurred_at,
    recorded_at,
    line_id as source_ref,
    gateway,
    settlement_id,
    amount_paise,
    credit_paise,
    debit_paise,
    fee_excl_paise as fee_paise,
    input_credit_paise,
    tax_paise - input_credit_paise as tax_cost_paise,
    consumed_paise,
    excess_paise
from lines
