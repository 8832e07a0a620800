-- Only what was settled in full says what a payment costs.
with settled as (
    select
        items.*,
        coalesce(payments.card_type, '-') as card_type,
        days.month_start_on,
        payments.last_seq
    from {{ ref('fct_recon_item') }} as items
    inner join {{ ref('fct_payment') }} as payments
        on items.tenant_id = payments.tenant_id and items.payment_id = payments.payment_id
    inner join {{ ref('dim_date') }} as days
        on items.tenant_id = days.tenant_id and items.business_date = days.date_on
    where
        items.leg in ('L1', 'L3')
        and items.kind = 'payment'
        and items.class in ('matched', 'matched_fee_variance')
),

audited as (
    select
        tenant_id,
        gateway,
        mode,
        card_type,
        month_start_on,
        count(*) as n,
        {{ sum_paise('left_paise') }} as amount_paise,
        {{ sum_paise('fee_charged_paise') }} as fee_charged_paise,
        {{ sum_paise('fee_expected_paise') }} as fee_expected_paise,
        {{ sum_paise('tax_charged_paise') }} as tax_charged_paise,
        {{ sum_paise('tax_expected_paise') }} as tax_expected_paise,
        {{ sum_paise('fee_variance_paise') }} as variance_paise,
        {{ sum_paise('fee_charged_paise + tax_charged_paise') }} as charged_paise,
        max(last_seq) as last_seq
    from settled
    group by tenant_id, gateway, mode, card_type, month_start_on
)

select
    tenant_id,
    gateway,
    mode,
    card_type,
    month_start_on,
    n,
    amount_paise,
    fee_charged_paise,
    fee_expected_paise,
    tax_charged_paise,
    tax_expected_paise,
    variance_paise,
    {{ signed_bps('charged_paise', 'amount_paise') }} as effective_bps,
    last_seq
from audited
