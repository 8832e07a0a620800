{% set closings = {
    'patient_advance_closing': ('-balance_paise', "account = '2100'"),
    'patient_receivable_closing': ('balance_paise', "account = '1400'"),
    'insurer_receivable_closing': ('balance_paise', "account = '1410'"),
    'gateway_receivable_closing': ('balance_paise', "account in ('1200', '1210')"),
} -%}
{% set flows = [
    'gross_billed', 'discounts', 'credit_notes', 'net_revenue', 'gst_output', 'forfeit_income', 'captured_upi',
    'captured_card', 'captured_cash', 'captured_other', 'refunds', 'reversals', 'gateway_fees', 'gst_on_fees',
    'net_settled_to_bank', 'cash_short', 'cash_over', 'chargebacks_lost', 'write_offs', 'recon_open',
    'recon_matched_left', 'recon_due_left'
] -%}
{% set month_end = local_midnight(dbt.dateadd('month', 1, 'moved.month'), 'tenants.utc_offset_minutes') -%}
-- a month without a movement has its closing balances all the same
with moved as (
    select
        tenant_id,
        month,
        branch_id,
        {% for flow in flows -%}
        {{ flow }}_paise,
        {% endfor -%}
        {% for name in closings -%}
        0 as {{ name }}_paise,
        {% endfor -%}
        recon_open_n,
        last_seq
    from {{ ref('fct_branch_financial') }}
    union all
    select
        tenant_id,
        as_of_month,
        branch_id,
        {% for flow in flows -%}
        0,
        {% endfor -%}
        {% for name, (balance, condition) in closings.items() -%}
        case when {{ condition }} then {{ balance }} else 0 end,
        {% endfor -%}
        0,
        last_seq
    from {{ ref('mart_trial_balance') }}
),

-- a branch's month is its city's where it stood when the month ended
placed as (
    select moved.*, coalesce(branches.city_id, '-1') as city_id
    from moved
    inner join {{ ref('dim_tenant') }} as tenants on moved.tenant_id = tenants.tenant_id
    left join {{ ref('dim_branch') }} as branches
        on moved.tenant_id = branches.tenant_id
        and moved.branch_id = branches.branch_id
        and branches.valid_from < {{ month_end }}
        and branches.valid_to >= {{ month_end }}
),

levels as (
    {% for level, branch, city in [
        ('branch', 'branch_id', 'city_id'), ('city', "'-'", 'city_id'), ('tenant', "'-'", "'-'")
    ] -%}
    select
        tenant_id,
        month,
        '{{ level }}' as level,
        {{ branch }} as branch_id,
        {{ city }} as city_id,
        {% for amount in flows + closings.keys() | list -%}
        {{ sum_paise(amount ~ '_paise') }} as {{ amount }}_paise,
        {% endfor -%}
        cast(sum(recon_open_n) as bigint) as recon_open_n,
        max(last_seq) as last_seq
    from placed
    group by tenant_id, month{{ ', branch_id' if level == 'branch' }}{{ ', city_id' if level != 'tenant' }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select
    levels.*,
    {{ signed_bps('recon_matched_left_paise', 'recon_due_left_paise') }} as recon_rate_bps
from levels
