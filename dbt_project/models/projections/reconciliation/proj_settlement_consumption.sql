-- The consumption rule: lines eat an item's amount in order; a line larger than what is left is an excess when it is
-- the first and a duplicate in full when it is not. Only items with several lines need the recursion.
with recursive matches as (
    select
        tenant_id,
        item_id,
        line_id,
        place,
        lines_n,
        amount_paise,
        left_paise,
        is_settled and match_kind in ('payment', 'refund') as is_consuming
    from {{ ref('proj_settlement_matches') }}
),

first_lines as (
    select
        tenant_id,
        item_id,
        line_id,
        place,
        lines_n,
        least(amount_paise, left_paise) as consumed_paise,
        greatest(amount_paise - left_paise, 0) as excess_paise,
        greatest(left_paise - amount_paise, 0) as rem_paise,
        false as is_duplicate
    from matches
    where place = 1 and is_consuming
),

later_lines as (
    select tenant_id, item_id, line_id, place, lines_n, amount_paise
    from matches
    where place > 1 and is_consuming
),

several as (
    select * from first_lines
    where lines_n > 1
    union all
    select
        later_lines.tenant_id,
        later_lines.item_id,
        later_lines.line_id,
        later_lines.place,
        later_lines.lines_n,
        case when later_lines.amount_paise <= several.rem_paise then later_lines.amount_paise else 0 end,
        cast(0 as bigint),
        case
            when later_lines.amount_paise <= several.rem_paise then several.rem_paise - later_lines.amount_paise
            else several.rem_paise
        end,
        later_lines.amount_paise > several.rem_paise
    from several
    inner join later_lines
        on several.tenant_id = later_lines.tenant_id
        and several.item_id = later_lines.item_id
        and several.place + 1 = later_lines.place
)

select * from first_lines
where lines_n = 1
union all
select * from several
union all
-- held lines and those about disputes belong to an item and consume nothing
select tenant_id, item_id, line_id, place, lines_n, 0, 0, 0, false
from matches
where not is_consuming
