-- INV-R2: what items show as evidence is what gateways and banks have told, to the paisa and item by item.
with lines as (
    select tenant_id, item_id, evidence_paise
    from {{ ref('fct_settlement_line') }}
    where is_settled
    union all
    select tenant_id, item_id, credit_paise + debit_paise
    from {{ ref('fct_bank_line') }}
    where
        item_id is not null
        -- charges are the bank's own
        or (side = 'C' and counterparty_class <> 'charges')
),

told as (
    select tenant_id, item_id, sum(evidence_paise) as evidence_paise
    from lines
    group by tenant_id, item_id
),

items as (
    select tenant_id, item_id, right_paise
    from {{ ref('fct_recon_item') }}
    where kind <> 'session'
)

select *
from told
full outer join items on told.tenant_id = items.tenant_id and told.item_id = items.item_id
where coalesce(told.evidence_paise, 0) <> coalesce(items.right_paise, 0) or items.item_id is null
