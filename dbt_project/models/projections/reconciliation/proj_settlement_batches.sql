with batches as (
    select
        tenant_id,
        leg,
        gateway,
        settlement_id,
        max(settlement_utr) as settlement_utr,
        min(settled_on) as settled_on,
        {{ sum_paise('credit_paise - debit_paise') }} as net_paise,
        count(*) as lines_n,
        min(recorded_on) as opened_on,
        {{ seq_list('seq') }} as seqs
    from {{ ref('proj_settlement_lines') }}
    where is_settled
    group by tenant_id, leg, gateway, settlement_id
),

running as (
    select
        batches.*,
        cast(
            sum(net_paise) over (
                partition by tenant_id, gateway order by settled_on, settlement_id
                rows between unbounded preceding and current row
            ) as bigint
        ) as earned_paise
    from batches
),

-- what the gateway has paid out at most so far: a debt waits until later batches have earned more than ever before
paid as (
    select
        running.*,
        greatest(
            max(earned_paise) over (
                partition by tenant_id, gateway order by settled_on, settlement_id
                rows between unbounded preceding and current row
            ),
            0
        ) as paid_out_paise
    from running
),

netted as (
    select
        paid.*,
        paid_out_paise - coalesce(
            lag(paid_out_paise) over (partition by tenant_id, gateway order by settled_on, settlement_id), 0
        ) as payout_paise,
        earned_paise - paid_out_paise as carry_out_paise
    from paid
)

select
    tenant_id,
    'L2:batch:' || gateway || '/' || settlement_id as item_id,
    leg as lines_leg,
    gateway,
    settlement_id,
    settlement_utr,
    settled_on,
    net_paise,
    payout_paise - net_paise + carry_out_paise as carry_in_paise,
    payout_paise,
    carry_out_paise,
    lines_n,
    -- one transfer pays one batch: the first that is paid anything
    case
        when settlement_utr is not null
            then
                row_number() over (
                    partition by tenant_id, upper(settlement_utr)
                    order by case when payout_paise > 0 then 0 else 1 end, settled_on, gateway, settlement_id
                )
    end as utr_claim,
    opened_on,
    seqs
from netted
