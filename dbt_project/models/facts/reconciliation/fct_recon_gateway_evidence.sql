with used as (
    select * from {{ ref('fct_settlement_line') }}
    where outcome in ('consumed', 'held') and item_id is not null
),

sums as (
    select
        tenant_id,
        item_id,
        {{ sum_paise('consumed_paise') }} as matched_paise,
        {{ sum_paise('excess_paise') }} as excess_paise,
        {{ sum_paise('fee_excl_paise', "outcome = 'consumed'") }} as fee_charged_paise,
        {{ sum_paise('tax_paise', "outcome = 'consumed'") }} as tax_charged_paise,
        {{ count_if("outcome = 'consumed'") }} as settled_n,
        {{ count_if("outcome = 'held'") }} as held_n,
        max(case when place = 1 and outcome = 'consumed' then line_id end) as first_line_id,
        max(case when place = 1 and outcome = 'consumed' then settlement_id end) as settlement_id,
        max(case when place = 1 and outcome = 'consumed' then settlement_utr end) as utr,
        min(seq) as first_seq
    from used
    group by tenant_id, item_id
),

-- making a list costs more than all the rest, and one line needs none
several as (
    select tenant_id, item_id, {{ seq_list('seq') }} as seqs
    from used
    where lines_n > 1
    group by tenant_id, item_id
)

select
    sums.tenant_id,
    sums.item_id,
    sums.matched_paise,
    sums.excess_paise,
    sums.fee_charged_paise,
    sums.tax_charged_paise,
    sums.settled_n,
    sums.held_n,
    sums.first_line_id,
    sums.settlement_id,
    sums.utr,
    coalesce(several.seqs, cast(sums.first_seq as varchar)) as seqs
from sums
left join several on sums.tenant_id = several.tenant_id and sums.item_id = several.item_id
