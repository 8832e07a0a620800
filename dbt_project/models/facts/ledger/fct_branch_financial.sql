{% set flows = {
    'credit_notes': ('C', "account = '1400' and posting = 'credited'"),
    'net_revenue': ('C', "account = '4100'"),
    'gst_output': ('C', "account = '2300'"),
    'forfeit_income': ('C', "account = '4200'"),
    'refunds': ('D', "account = '2200' and posting like 'refunded%'"),
    'reversals': ('D', "account = '2100' and posting like 'reversed%'"),
    'gateway_fees': ('D', "account = '5100'"),
    'gst_on_fees': ('D', "account in ('1500', '5110')"),
    'net_settled_to_bank': ('D', "account = '1300' and posting like 'payout%'"),
    'cash_short': ('D', "account = '5300'"),
    'cash_over': ('C', "account = '4900'"),
    'chargebacks_lost': ('C', "account = '1250' and posting = 'dispute_lost'"),
    'write_offs': ('D', "account = '5400'"),
} -%}
{% set modes = {
    'captured_upi': "mode = 'upi'",
    'captured_card': "mode = 'card'",
    'captured_cash': "mode = 'cash'",
    'captured_other': "mode not in ('upi', 'card', 'cash')",
} -%}
{% set amounts = ['gross_billed', 'discounts'] + flows.keys() | list + modes.keys() | list
    + ['recon_open', 'recon_matched_left', 'recon_due_left'] -%}
{% set parts = ['billed', 'books', 'captured', 'items'] -%}
-- bills as they were asked for, without what credit notes took back
with billed as (
    select
        lines.tenant_id,
        dates.month_start_on as month,
        lines.branch_id,
        {{ sum_paise('lines.gross_paise') }} as gross_billed_paise,
        {{ sum_paise('lines.discount_paise') }} as discounts_paise,
        max(lines.source_seq) as last_seq
    from {{ ref('fct_invoice_line') }} as lines
    inner join {{ ref('dim_date') }} as dates
        on lines.tenant_id = dates.tenant_id and lines.business_date = dates.date_on
    where lines.kind = 'issue'
    group by lines.tenant_id, dates.month_start_on, lines.branch_id
),

books as (
    select
        entries.tenant_id,
        dates.month_start_on as month,
        entries.branch_id,
        {% for name, (side, legs) in flows.items() -%}
        {{ sum_paise("case side when '" ~ side ~ "' then amount_paise else -amount_paise end", legs) }}
            as {{ name }}_paise,
        {% endfor -%}
        max(entries.source_seq) as last_seq
    from {{ ref('fct_ledger_entry') }} as entries
    inner join {{ ref('dim_date') }} as dates
        on entries.tenant_id = dates.tenant_id and entries.business_date = dates.date_on
    group by entries.tenant_id, dates.month_start_on, entries.branch_id
),

captured as (
    select
        payments.tenant_id,
        dates.month_start_on as month,
        payments.branch_id,
        {% for name, condition in modes.items() -%}
        {{ sum_paise('captured_paise', condition) }} as {{ name }}_paise,
        {% endfor -%}
        max(payments.captured_seq) as last_seq
    from {{ ref('fct_payment') }} as payments
    inner join {{ ref('dim_date') }} as dates
        on payments.tenant_id = dates.tenant_id and payments.business_date = dates.date_on
    where payments.captured_seq is not null
    group by payments.tenant_id, dates.month_start_on, payments.branch_id
),

items as (
    select
        items.tenant_id,
        dates.month_start_on as month,
        items.branch_id,
        {{ count_if('items.is_open') }} as recon_open_n,
        {{ sum_paise('items.open_paise') }} as recon_open_paise,
        {{ sum_paise('items.matched_paise', 'items.due_on <= tenants.as_of_date') }} as recon_matched_left_paise,
        {{ sum_paise('items.left_paise', 'items.due_on <= tenants.as_of_date') }} as recon_due_left_paise,
        cast(null as bigint) as last_seq
    from {{ ref('fct_recon_item') }} as items
    inner join {{ ref('dim_tenant') }} as tenants on items.tenant_id = tenants.tenant_id
    inner join {{ ref('dim_date') }} as dates
        on items.tenant_id = dates.tenant_id and items.business_date = dates.date_on
    group by items.tenant_id, dates.month_start_on, items.branch_id
),

keys as (
    {% for part in parts -%}
    select tenant_id, month, branch_id, last_seq from {{ part }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

cells as (
    select tenant_id, month, branch_id, max(last_seq) as last_seq
    from keys
    group by tenant_id, month, branch_id
)

select
    cells.*,
    {% for amount in amounts -%}
    coalesce({{ amount }}_paise, 0) as {{ amount }}_paise,
    {% endfor -%}
    coalesce(items.recon_open_n, 0) as recon_open_n
from cells
{% for part in parts -%}
left join {{ part }}
    on cells.tenant_id = {{ part }}.tenant_id
    and cells.month = {{ part }}.month
    and cells.branch_id = {{ part }}.branch_id
{% endfor %}
