with legs as (
    {{ ledger_legs(ref('fct_posting_payment'), ['amount', 'net', 'gst', 'covered', 'uncovered']) }}
    union all
    {{ ledger_legs(ref('fct_posting_invoice'), ['amount', 'net', 'gst'], service_kind='moved.service_kind') }}
    union all
    {{ ledger_legs(ref('fct_posting_settlement'), [
        'amount', 'credit', 'debit', 'fee', 'input_credit', 'tax_cost', 'consumed', 'excess'
    ]) }}
    union all
    {{ ledger_legs(ref('fct_posting_bank'), ['amount']) }}
    union all
    {{ ledger_legs(ref('fct_posting_cash'), ['amount']) }}
    union all
    {{ ledger_legs(ref('fct_posting_claim'), ['amount', 'net', 'tds', 'other', 'disallowed', 'rest']) }}
    union all
    select
        tenant_id,
        source_seq,
        posting,
        branch_id,
        account,
        side,
        amount_paise,
        service_kind,
        business_date,
        occurred_at,
        recorded_at,
        source_ref
    from {{ ref('fct_posting_resolution') }}
)

select
    tenant_id,
    source_seq as entry_group,
    posting,
    branch_id,
    account,
    side,
    amount_paise,
    service_kind,
    business_date,
    occurred_at,
    recorded_at,
    source_seq,
    source_ref
from legs
where amount_paise > 0
