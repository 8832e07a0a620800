-- Credits on a bank statement that nothing of ours explains.
with alone as (
    select * from {{ ref('fct_bank_line') }}
    where substr(item_id, 3, 6) = ':line:'
),

waiting as (
    select
        batches.tenant_id,
        batches.item_id,
        batches.left_paise,
        days.bank_day_number
    from {{ ref('fct_recon_payout') }} as batches
    inner join {{ ref('dim_date') }} as days
        on batches.tenant_id = days.tenant_id and batches.business_date = days.date_on
    where batches.class in ('batch_in_transit', 'batch_missing')
),

-- a person may link these: an amount and a day alone never match
likely as (
    select
        alone.tenant_id,
        alone.bank_line_id,
        waiting.item_id,
        count(*) over (partition by alone.tenant_id, alone.bank_line_id) as batches_n,
        count(*) over (partition by alone.tenant_id, waiting.item_id) as lines_n
    from alone
    inner join {{ ref('dim_date') }} as days
        on alone.tenant_id = days.tenant_id and alone.value_on = days.date_on
    inner join waiting
        on alone.tenant_id = waiting.tenant_id
        and alone.credit_paise = waiting.left_paise
        and abs(days.bank_day_number - waiting.bank_day_number) <= 2
    where substr(alone.item_id, 1, 2) = 'L2'
)

select
    alone.tenant_id,
    alone.item_id,
    substr(alone.item_id, 1, 2) as leg,
    'line' as kind,
    case substr(alone.item_id, 1, 2)
        when 'L4' then 'deposit_mismatch'
        when 'L5' then 'qr_orphan_credit'
        else 'unidentified_bank_credit'
    end as class,
    alone.bank_line_id as right_ref,
    case substr(alone.item_id, 1, 2)
        when 'L4' then 'drawer' when 'L5' then 'static_qr' else alone.counterparty_class
    end as channel,
    alone.value_on as business_date,
    alone.credit_paise as right_paise,
    alone.credit_paise as excess_paise,
    alone.utr,
    likely.item_id as proposed_ref,
    case substr(alone.item_id, 1, 2)
        when 'L2' then 'no batch has UTR ' || coalesce(alone.utr, 'unknown')
        when 'L4' then 'no deposit has slip ' || coalesce(alone.deposit_slip_no, 'unknown')
        when 'L6' then 'no payer has told of UTR ' || coalesce(alone.utr, 'unknown')
        else 'no payment has reference ' || coalesce(alone.rrn, alone.utr, 'unknown')
    end as rule_missed,
    alone.recorded_on as opened_on,
    alone.recorded_on as aged_from_on,
    cast(alone.seq as varchar) as source_seqs
from alone
left join likely
    on alone.tenant_id = likely.tenant_id
    and alone.bank_line_id = likely.bank_line_id
    and likely.batches_n = 1
    and likely.lines_n = 1
