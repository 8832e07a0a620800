with matched as (
    select
        lines.tenant_id,
        lines.line_id,
        lines.settlement_id,
        lines.entity_type,
        lines.entity_id,
        lines.match_kind,
        lines.amount_paise,
        lines.is_settled,
        coalesce(lines.settled_at, lines.created_at) as settled_at,
        keys.item_id,
        keys.left_paise
    from {{ ref('proj_settlement_lines') }} as lines
    inner join {{ ref('proj_recon_keys') }} as keys
        on lines.tenant_id = keys.tenant_id
        and lines.leg = keys.leg
        and lines.match_kind = keys.kind
        and lines.match_gateway = keys.match_gateway
        and lines.match_key = keys.match_key
),

-- few items have several lines, and only those need an order
counted as (
    select tenant_id, item_id, count(*) as lines_n
    from matched
    group by tenant_id, item_id
)

select
    matched.*,
    cast(1 as bigint) as lines_n,
    cast(1 as bigint) as place
from matched
inner join counted on matched.tenant_id = counted.tenant_id and matched.item_id = counted.item_id
where counted.lines_n = 1

union all

select
    matched.*,
    counted.lines_n,
    -- the order in which the settled lines of an item consume it; held ones are counted apart
    row_number() over (
        partition by matched.tenant_id, matched.item_id, matched.is_settled
        order by
            matched.settled_at, coalesce(matched.settlement_id, ''), matched.entity_type, matched.entity_id,
            matched.line_id
    ) as place
from matched
inner join counted on matched.tenant_id = counted.tenant_id and matched.item_id = counted.item_id
where counted.lines_n > 1
