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
        lines.created_at,
        lines.settled_at,
        expected.item_id,
        expected.left_paise
    from {{ ref('proj_settlement_lines') }} as lines
    inner join {{ ref('proj_recon_expectations') }} as expected
        on lines.tenant_id = expected.tenant_id
        and lines.leg = expected.leg
        and lines.match_kind = expected.kind
        and lines.match_gateway = expected.match_gateway
        and lines.match_key = expected.match_key
        and expected.key_claim = 1
)

select
    matched.*,
    -- place of the line among the settled (or the held) lines of its item: the order in which they consume it
    row_number() over (
        partition by tenant_id, item_id, is_settled
        order by coalesce(settled_at, created_at), coalesce(settlement_id, ''), entity_type, entity_id, line_id
    ) as place,
    count(*) over (partition by tenant_id, item_id, is_settled) as lines_n
from matched
