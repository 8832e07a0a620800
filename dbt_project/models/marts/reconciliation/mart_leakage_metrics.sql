-- What was earned and did not arrive, each paisa under one type (DOMAIN §6.7).
with items as (
    select
        items.*,
        case
            when items.class in ('missing_settlement', 'qr_missing') and items.kind <> 'refund'
                then 'missing_settlement'
            when
                items.kind <> 'refund'
                and items.class in ('amount_mismatch_short', 'qr_amount_mismatch')
                and items.variance_paise < 0
                then 'short_settlement'
            when items.kind = 'payment' and items.class = 'matched_fee_variance' and items.fee_variance_paise > 0
                then 'fee_overcharge'
            when items.class = 'cash_short' then 'cash_short'
            when items.class = 'status_conflict' then 'late_auth_uncaptured'
        end as leakage_type
    from {{ ref('fct_recon_item') }} as items
),

leaks as (
    select
        items.tenant_id,
        items.business_date,
        items.branch_id,
        coalesce(payments.practitioner_id, '-1') as practitioner_id,
        coalesce(payments.specialty_id, '-1') as specialty_id,
        items.leakage_type,
        items.item_id,
        case items.leakage_type
            when 'fee_overcharge' then items.fee_variance_paise
            when 'late_auth_uncaptured' then items.right_paise
            else items.left_paise - items.right_paise
        end as amount_paise
    from items
    left join {{ ref('fct_payment') }} as payments
        on items.tenant_id = payments.tenant_id and items.payment_id = payments.payment_id
    where items.leakage_type is not null
)

select
    tenant_id,
    business_date,
    branch_id,
    practitioner_id,
    specialty_id,
    leakage_type,
    count(*) as n,
    {{ sum_paise('amount_paise') }} as amount_paise,
    -- a short drawer is nobody's debt; a gateway can be asked for the rest
    {{ sum_paise('amount_paise', "leakage_type <> 'cash_short'") }} as recoverable_paise,
    {{ dbt.listagg('item_id', "','", 'order by item_id') }} as evidence_ids
from leaks
group by tenant_id, business_date, branch_id, practitioner_id, specialty_id, leakage_type
