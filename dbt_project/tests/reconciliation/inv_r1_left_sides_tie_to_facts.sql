-- INV-R1: what we expect, slice by slice, is what the facts say was taken, refunded, settled, counted and deposited.
with told as (
    select tenant_id, leg, kind, branch_id, business_date, sum(left_paise) as left_paise
    from {{ ref('fct_recon_item') }}
    where kind in ('payment', 'qr', 'refund', 'session')
    group by tenant_id, leg, kind, branch_id, business_date
),

facts as (
    select
        tenant_id,
        case channel when 'gateway' then 'L1' when 'pos' then 'L3' else 'L5' end as leg,
        case when channel in ('gateway', 'pos') then 'payment' else 'qr' end as kind,
        branch_id,
        business_date,
        captured_paise - reversed_paise as left_paise
    from {{ ref('fct_payment') }}
    where captured_seq is not null and channel <> 'drawer'
    union all
    select
        tenant_id,
        case
            when destination = 'bank_transfer' then 'L5' when channel = 'gateway' then 'L1' when channel = 'pos' then 'L3'
            else 'L5'
        end,
        'refund',
        branch_id,
        processed_on,
        amount_paise
    from {{ ref('fct_refund') }}
    where state = 'processed' and destination <> 'cash'
    union all
    select tenant_id, 'L4', 'session', branch_id, business_date, expected_paise
    from {{ ref('fct_cash_session') }}
    where state = 'closed'
),

expected as (
    select tenant_id, leg, kind, branch_id, business_date, sum(left_paise) as left_paise
    from facts
    group by tenant_id, leg, kind, branch_id, business_date
)

select *
from told
full outer join expected
    on told.tenant_id = expected.tenant_id
    and told.leg = expected.leg
    and told.kind = expected.kind
    and told.branch_id = expected.branch_id
    and told.business_date = expected.business_date
where coalesce(told.left_paise, 0) <> coalesce(expected.left_paise, 0)
