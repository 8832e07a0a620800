-- INV-R1: payouts add up to what settled, less the debts still carried; deposits to what sessions sent to the bank;
-- payers' transfers to what they told of the claims.
with payouts as (
    select items.tenant_id, sum(items.left_paise) as left_paise
    from {{ ref('fct_recon_item') }} as items
    where items.kind = 'batch'
    group by items.tenant_id
),

settled as (
    select tenant_id, sum(credit_paise - debit_paise) as net_paise
    from {{ ref('fct_settlement_line') }}
    where is_settled
    group by tenant_id
),

ends as (
    select
        tenant_id,
        carry_out_paise,
        row_number() over (partition by tenant_id, gateway order by settled_on desc, settlement_id desc) as place
    from {{ ref('proj_settlement_batches') }}
),

debts as (
    select tenant_id, sum(carry_out_paise) as debt_paise
    from ends
    where place = 1
    group by tenant_id
),

deposits as (
    select tenant_id, sum(left_paise) as left_paise
    from {{ ref('fct_recon_item') }}
    where kind = 'deposit'
    group by tenant_id
),

sent as (
    select tenant_id, sum(deposited_paise) as sent_paise
    from {{ ref('fct_cash_session') }}
    group by tenant_id
),

transfers as (
    select tenant_id, sum(left_paise) as left_paise
    from {{ ref('fct_recon_item') }}
    where kind = 'claim'
    group by tenant_id
),

claims as (
    select tenant_id, sum(net_paise) as net_paise
    from {{ ref('fct_claim') }}
    group by tenant_id
)

select tenants.tenant_id
from {{ ref('proj_tenants') }} as tenants
left join payouts on tenants.tenant_id = payouts.tenant_id
left join settled on tenants.tenant_id = settled.tenant_id
left join debts on tenants.tenant_id = debts.tenant_id
left join deposits on tenants.tenant_id = deposits.tenant_id
left join sent on tenants.tenant_id = sent.tenant_id
left join transfers on tenants.tenant_id = transfers.tenant_id
left join claims on tenants.tenant_id = claims.tenant_id
where
    coalesce(payouts.left_paise, 0) + coalesce(debts.debt_paise, 0) <> coalesce(settled.net_paise, 0)
    or coalesce(deposits.left_paise, 0) <> coalesce(sent.sent_paise, 0)
    or coalesce(transfers.left_paise, 0) <> coalesce(claims.net_paise, 0)
