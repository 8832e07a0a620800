-- INV-R9: per gateway and day, captured = settled + in transit + on hold + missing + short, to the paisa.
with captured as (
    select tenant_id, gateway, business_date, sum(captured_paise - reversed_paise) as captured_paise
    from {{ ref('fct_payment') }}
    where channel = 'gateway' and captured_seq is not null
    group by tenant_id, gateway, business_date
),

placed as (
    select
        tenant_id,
        gateway,
        business_date,
        sum(matched_paise) as settled_paise,
        sum(case when class in ('in_transit', 'partially_settled') then left_paise - matched_paise else 0 end)
            as in_transit_paise,
        sum(case when class = 'on_hold' then left_paise else 0 end) as on_hold_paise,
        sum(case when class = 'missing_settlement' then left_paise else 0 end) as missing_paise,
        sum(case when class = 'amount_mismatch_short' then left_paise - matched_paise else 0 end) as short_paise
    from {{ ref('fct_recon_item') }}
    where leg = 'L1' and kind = 'payment'
    group by tenant_id, gateway, business_date
)

select *
from captured
full outer join placed
    on captured.tenant_id = placed.tenant_id
    and captured.gateway = placed.gateway
    and captured.business_date = placed.business_date
where
    coalesce(captured.captured_paise, 0)
    <> coalesce(
        settled_paise + in_transit_paise + on_hold_paise + missing_paise + short_paise, 0
    )
