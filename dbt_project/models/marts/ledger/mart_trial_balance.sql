with moved as (
    select
        entries.tenant_id,
        dates.month_start_on as as_of_month,
        entries.branch_id,
        entries.account,
        {{ sum_paise('entries.amount_paise', "entries.side = 'D'") }} as debit_paise,
        {{ sum_paise('entries.amount_paise', "entries.side = 'C'") }} as credit_paise,
        max(entries.source_seq) as last_seq
    from {{ ref('fct_ledger_entry') }} as entries
    inner join {{ ref('dim_date') }} as dates
        on entries.tenant_id = dates.tenant_id and entries.business_date = dates.date_on
    group by entries.tenant_id, dates.month_start_on, entries.branch_id, entries.account
),

-- a quiet month has its balances too: from an account's first use to the month that the build looks from, or to the
-- last one of the ledger, should a clock have run ahead
used as (
    select
        moved.tenant_id,
        moved.branch_id,
        moved.account,
        min(moved.as_of_month) as first_month,
        greatest(
            max(max(moved.as_of_month)) over (partition by moved.tenant_id), max(tenants.as_of_date)
        ) as last_on
    from moved
    inner join {{ ref('dim_tenant') }} as tenants on moved.tenant_id = tenants.tenant_id
    group by moved.tenant_id, moved.branch_id, moved.account
),

months as (
    select
        used.tenant_id,
        used.branch_id,
        used.account,
        dates.date_on as as_of_month,
        coalesce(moved.debit_paise, 0) as debit_paise,
        coalesce(moved.credit_paise, 0) as credit_paise,
        moved.last_seq
    from used
    inner join {{ ref('dim_date') }} as dates
        on used.tenant_id = dates.tenant_id
        and dates.date_on = dates.month_start_on
        and dates.date_on between used.first_month and used.last_on
    left join moved
        on used.tenant_id = moved.tenant_id
        and used.branch_id = moved.branch_id
        and used.account = moved.account
        and dates.date_on = moved.as_of_month
),

{% set so_far = 'over (partition by tenant_id, branch_id, account order by as_of_month'
    ~ ' rows between unbounded preceding and current row)' -%}
running as (
    select
        tenant_id,
        as_of_month,
        branch_id,
        account,
        cast(sum(debit_paise) {{ so_far }} as bigint) as debit_paise,
        cast(sum(credit_paise) {{ so_far }} as bigint) as credit_paise,
        max(last_seq) {{ so_far }} as last_seq
    from months
)

select
    running.tenant_id,
    running.as_of_month,
    running.branch_id,
    running.account,
    accounts.account_name,
    running.debit_paise,
    running.credit_paise,
    running.debit_paise - running.credit_paise as balance_paise,
    running.last_seq
from running
inner join {{ ref('dim_account') }} as accounts
    on running.tenant_id = accounts.tenant_id and running.account = accounts.account
