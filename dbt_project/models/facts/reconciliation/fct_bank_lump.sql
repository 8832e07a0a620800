-- One credit may pay several items at once and name none of them: sets of waiting items that add up to it exactly,
-- at most {{ lump_items() }} items at a time: more have too many sums for one of them to prove anything.
with recursive sets as (
    select
        tenant_id,
        bank_line_id,
        payer,
        place,
        credit_paise,
        amount_paise as total_paise,
        cast(1 as bigint) as size_n,
        item_id as item_ids
    from {{ ref('fct_bank_lump_candidate') }}
    -- of more, one alone may still be the sum
    where items_n <= {{ lump_items() }} or amount_paise = credit_paise
    union all
    select
        sets.tenant_id,
        sets.bank_line_id,
        sets.payer,
        near.place,
        sets.credit_paise,
        sets.total_paise + near.amount_paise,
        sets.size_n + 1,
        sets.item_ids || ',' || near.item_id
    from sets
    inner join {{ ref('fct_bank_lump_candidate') }} as near
        on sets.tenant_id = near.tenant_id
        and sets.bank_line_id = near.bank_line_id
        and sets.payer = near.payer
        and sets.place < near.place
        and sets.credit_paise - sets.total_paise >= near.amount_paise
    where near.items_n <= {{ lump_items() }}
),

exact as (
    select
        sets.*,
        count(*) over (partition by tenant_id, bank_line_id) as sets_n,
        max(size_n) over (partition by tenant_id, bank_line_id) as largest_n,
        row_number() over (partition by tenant_id, bank_line_id order by size_n, item_ids) as choice
    from sets
    where total_paise = credit_paise
),

members as (
    select exact.*, item_ids as item_id, total_paise as amount_paise
    from exact
    where size_n = 1
    union all
    select exact.*, near.item_id, near.amount_paise
    from exact
    inner join {{ ref('fct_bank_lump_candidate') }} as near
        on exact.tenant_id = near.tenant_id
        and exact.bank_line_id = near.bank_line_id
        and exact.payer = near.payer
    where
        exact.size_n > 1
        and position(',' || near.item_id || ',' in ',' || exact.item_ids || ',') > 0
),

-- an item that two credits could pay proves neither
wanted as (
    select tenant_id, item_id
    from members
    group by tenant_id, item_id
    having min(bank_line_id) < max(bank_line_id)
),

doubtful as (
    select distinct members.tenant_id, members.bank_line_id
    from members
    inner join wanted on members.tenant_id = wanted.tenant_id and members.item_id = wanted.item_id
)

select
    members.tenant_id,
    members.bank_line_id,
    members.item_id,
    row_number() over (partition by members.tenant_id, members.bank_line_id order by members.item_id) as part_no,
    members.amount_paise,
    members.size_n,
    members.sets_n,
    members.sets_n = 1 and members.size_n > 1 and doubtful.bank_line_id is null as is_matched,
    members.largest_n > 1 or (members.sets_n = 1 and doubtful.bank_line_id is null) as is_proposed,
    members.item_ids
from members
left join doubtful on members.tenant_id = doubtful.tenant_id and members.bank_line_id = doubtful.bank_line_id
where members.choice = 1
