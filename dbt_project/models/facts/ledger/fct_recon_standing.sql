{{ config(database='workings') }}

-- an unexpected debit was an expense at once, and a drawer's difference too: they stand nowhere
with stood as (
    select
        items.tenant_id,
        items.item_id,
        items.branch_id,
        items.kind,
        items.resolution_state,
        items.resolution,
        items.resolution_seq,
        items.resolution_target,
        items.resolution_paise,
        items.resolved_on,
        items.resolved_at,
        case
            when items.kind = 'line' and items.leg in ('L1', 'L3') then '2900'
            when items.kind = 'line' then '2910'
            when items.leg in ('L1', 'L3') and items.kind <> 'dispute' and items.excess_paise > 0 then '2900'
            when items.kind in ('payment', 'refund') and items.leg = 'L1' then '1200'
            when items.kind in ('payment', 'refund') and items.leg = 'L3' then '1210'
            when items.kind = 'dispute' then '1250'
            when items.kind = 'batch' then '1230'
            when items.kind = 'deposit' then '1110'
            when items.kind = 'qr' then '1220'
            when items.kind = 'refund' then '1225'
            when items.leg = 'L6' then '1240'
        end as account,
        case
            when items.kind = 'line' and lines.entity_type = 'refund' then items.right_paise
            when items.kind = 'line' and items.class = 'unexpected_adjustment' then -greatest(items.right_paise, 0)
            when items.kind = 'line' then -items.right_paise
            when items.kind = 'dispute' and items.class <> 'chargeback_lost' then items.right_paise
            when items.kind = 'dispute' then items.right_paise - items.left_paise
            when items.kind = 'refund' then items.right_paise - items.left_paise
            else items.left_paise - items.right_paise
        end as standing_paise
    from {{ ref('fct_recon_item') }} as items
    left join {{ ref('fct_settlement_line') }} as lines
        on items.tenant_id = lines.tenant_id and items.item_id = lines.item_id and items.kind = 'line'
    where items.kind <> 'session'
)

select
    stood.*,
    case
        when resolution_state = 'applied' and resolution = 'ignore_test' and kind = 'line' then standing_paise
        when
            (resolution_state = 'applied' and resolution in ('write_off', 'link', 'refund_customer'))
            or resolution_state = 'linked'
            then sign(standing_paise) * resolution_paise
        else 0
    end as resolved_paise
from stood
where standing_paise <> 0
