-- the kinds of numerator and denominator of DOMAIN §5.3 (B5), each counted where and when it belongs
with booked as (
    select *
    from {{ ref('fct_appointment') }}
    where is_booked and not is_error
),

parts as (
    select
        tenant_id, business_date, branch_id, specialty_id, 'noshow_rate' as metric,
        case when attendance = 'noshow' then 1 else 0 end as numerator, 1 as denominator, 1 as units, last_seq
    from booked
    where attendance in ('kept', 'noshow')

    union all

    select
        tenant_id, business_date, branch_id, specialty_id, 'cancel_rate_patient' as metric,
        case when final_status = 'cancelled' and cancel_initiator = 'patient' then 1 else 0 end as numerator,
        1 as denominator, 1 as units, last_seq
    from booked

    union all

    select
        tenant_id, business_date, branch_id, specialty_id, 'deposit_coverage' as metric,
        deposit_paid_paise as numerator, deposit_required_paise as denominator,
        case when deposit_required_paise > 0 then 1 else 0 end as units, last_seq
    from booked
    where deposit_required_paise > 0 or deposit_paid_paise > 0

    union all

    select
        tenant_id, business_date, branch_id, specialty_id, 'refund_rate' as metric,
        refunded_paise as numerator, captured_paise as denominator, 1 as units, last_seq
    from {{ ref('fct_payment') }}
    where captured_paise > 0

    union all

    select
        tenant_id, business_date, branch_id, specialty_id, 'recon_variance_bps' as metric,
        0 as numerator, captured_paise as denominator, 1 as units, last_seq
    from {{ ref('fct_payment') }}
    where captured_paise > 0

    union all

    select
        items.tenant_id, items.business_date, items.branch_id,
        coalesce(appointments.specialty_id, '-1') as specialty_id, 'recon_variance_bps' as metric,
        abs(items.variance_paise) as numerator, 0 as denominator, 0 as units, cast(null as bigint) as last_seq
    from {{ ref('fct_recon_item') }} as items
    left join {{ ref('fct_appointment') }} as appointments
        on items.tenant_id = appointments.tenant_id and items.appointment_id = appointments.appointment_id
    where items.is_exception
)

select
    tenant_id,
    business_date,
    branch_id,
    specialty_id,
    metric,
    cast(sum(numerator) as bigint) as numerator,
    cast(sum(denominator) as bigint) as denominator,
    cast(sum(units) as bigint) as units,
    max(last_seq) as last_seq
from parts
where branch_id <> '-1'
group by tenant_id, business_date, branch_id, specialty_id, metric
