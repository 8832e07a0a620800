-- Credits on a bank statement that nothing of ours explains.
with alone as (
    select * from {{ ref('fct_bank_line') }}
    where substr(item_id, 3, 6) = ':line:'
),

-- a person may link these: an amount and a day alone never match
likely as (
    select
        tenant_id,
        bank_line_id,
        max(sets_n) as sets_n,
        max(size_n) as size_n,
        max(case when is_proposed then item_ids end) as item_ids
    from {{ ref('fct_bank_lump') }}
    where not is_matched
    group by tenant_id, bank_line_id
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
    likely.item_ids as proposed_ref,
    case substr(alone.item_id, 1, 2)
        when 'L2' then 'no batch has UTR ' || coalesce(alone.utr, 'unknown')
        when 'L4' then 'no deposit has slip ' || coalesce(alone.deposit_slip_no, 'unknown')
        when 'L6' then 'no payer has told of UTR ' || coalesce(alone.utr, 'unknown')
        else 'no payment has reference ' || coalesce(alone.rrn, alone.utr, 'unknown')
    end
    || coalesce(
        '; ' || cast(likely.sets_n as varchar) || ' sets of waiting items add up to it, the first of '
        || cast(likely.size_n as varchar),
        ''
    ) as rule_missed,
    alone.recorded_on as opened_on,
    alone.recorded_on as aged_from_on,
    cast(alone.seq as varchar) as source_seqs
from alone
left join likely on alone.tenant_id = likely.tenant_id and alone.bank_line_id = likely.bank_line_id
