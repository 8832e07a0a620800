-- refund items count negative throughout; drawers are told by sessions, the rest by items
with signed as (
    select
        tenant_id,
        business_date,
        branch_id,
        channel,
        mode,
        class,
        status,
        age_days,
        case kind when 'refund' then -1 else 1 end as sign,
        left_paise,
        matched_paise,
        excess_paise,
        left_paise - matched_paise as rem_paise,
        variance_paise
    from {{ ref('fct_recon_item') }}
    where kind in ('payment', 'refund', 'qr')
),

items as (
    select
        tenant_id,
        business_date,
        branch_id,
        channel,
        mode,
        {{ sum_paise('sign * left_paise') }} as expected_paise,
        {{ sum_paise('sign * (matched_paise + excess_paise)') }} as evidenced_paise,
        {{ sum_paise('sign * rem_paise', "class in ('in_transit', 'partially_settled', 'qr_in_transit')") }}
            as in_transit_paise,
        {{ sum_paise('sign * rem_paise', "class = 'on_hold'") }} as on_hold_paise,
        {{ sum_paise('sign * rem_paise', "class in ('missing_settlement', 'qr_missing')") }} as missing_paise,
        {{ sum_paise('sign * rem_paise', "class in ('amount_mismatch_short', 'qr_amount_mismatch')") }} as short_paise,
        {{ sum_paise('sign * excess_paise') }} as over_paise,
        cast(0 as bigint) as cash_short_paise,
        cast(0 as bigint) as cash_over_paise,
        {{ count_if("status in ('expected', 'mismatched')") }} as open_items_n,
        max(case when status in ('expected', 'mismatched') then age_days end) as oldest_age_days,
        {{ sum_paise('abs(variance_paise)', "status = 'resolved'") }} as resolved_paise
    from signed
    group by tenant_id, business_date, branch_id, channel, mode
),

drawers as (
    select
        tenant_id,
        business_date,
        branch_id,
        channel,
        mode,
        expected_paise,
        evidenced_paise,
        in_transit_paise,
        cast(0 as bigint) as on_hold_paise,
        cast(0 as bigint) as missing_paise,
        cast(0 as bigint) as short_paise,
        cast(0 as bigint) as over_paise,
        cash_short_paise,
        cash_over_paise,
        open_items_n,
        oldest_age_days,
        resolved_paise
    from {{ ref('fct_recon_drawer_day') }}
),

told as (
    select * from items
    union all
    select * from drawers
),

weighed as (
    select
        told.*,
        evidenced_paise - (expected_paise - in_transit_paise) as variance_paise
    from told
)

select
    tenant_id,
    business_date,
    branch_id,
    channel,
    mode,
    expected_paise,
    evidenced_paise,
    in_transit_paise,
    on_hold_paise,
    missing_paise,
    short_paise,
    over_paise,
    cash_short_paise,
    cash_over_paise,
    variance_paise,
    {{ signed_bps('variance_paise', 'expected_paise') }} as variance_bps,
    open_items_n,
    oldest_age_days,
    resolved_paise
from weighed
