-- the kinds of numerator and denominator of DOMAIN §5.3 (B5), each counted where and when it belongs
{% set consultations = "('consultation', 'tele_consultation', 'follow_up')" -%}
with visits as (
    select
        visits.tenant_id, visits.business_date, visits.branch_id, visits.specialty_id,
        count(*) as booked,
        {{ count_if("visits.attendance = 'noshow'") }} as noshows,
        {{ count_if("visits.attendance in ('kept', 'noshow')") }} as decided,
        {{ count_if("visits.final_status = 'cancelled' and visits.cancel_initiator = 'patient'") }} as cancelled,
        {{ sum_paise('visits.deposit_paid_paise') }} as deposit_paid,
        {{ sum_paise('visits.deposit_required_paise') }} as deposit_required,
        {{ count_if('visits.deposit_required_paise > 0') }} as deposits,
        {{ count_if(
            "visits.final_status = 'fulfilled' and visits.price_quoted_paise > 0 and services.kind in " ~ consultations
        ) }} as paid_consultations,
        max(visits.last_seq) as last_seq
    from {{ ref('fct_appointment') }} as visits
    left join {{ ref('dim_service') }} as services
        on visits.tenant_id = services.tenant_id and visits.service_id = services.service_id
    where visits.is_booked and not visits.is_error
    group by visits.tenant_id, visits.business_date, visits.branch_id, visits.specialty_id
),

slots as (
    select
        tenant_id, business_date, branch_id, specialty_id,
        cast(sum(case when available_tokens > 0 then tokens_fulfilled else 0 end) as bigint) as fulfilled,
        cast(sum(available_tokens) as bigint) as tokens,
        cast(sum(available_minutes) as bigint) as minutes,
        max(last_seq) as last_seq
    from {{ ref('fct_slot') }}
    where is_over
    group by tenant_id, business_date, branch_id, specialty_id
),

billed as (
    select
        lines.tenant_id, lines.business_date, lines.branch_id, lines.specialty_id,
        {{ sum_paise('lines.taxable_paise') }} as net_revenue,
        -- what a package earns for a consultation is no price of one
        {{ sum_paise(
            'lines.taxable_paise', 'lines.package_service_id is null and services.kind in ' ~ consultations
        ) }} as consultation_revenue,
        {{ sum_paise('lines.discount_paise') }} as discount,
        {{ sum_paise('lines.gross_paise') }} as gross,
        {{ count_if("lines.kind = 'issue'") }} as issued_lines,
        max(lines.source_seq) as last_seq
    from {{ ref('fct_invoice_line') }} as lines
    inner join {{ ref('dim_service') }} as services
        on lines.tenant_id = services.tenant_id and lines.service_id = services.service_id
    group by lines.tenant_id, lines.business_date, lines.branch_id, lines.specialty_id
),

-- a bill that belongs to no appointment, a stay's for one, belongs to no specialty
invoices as (
    select
        invoices.tenant_id, invoices.business_date, invoices.branch_id,
        coalesce(appointments.specialty_id, '-1') as specialty_id,
        {{ sum_paise('invoices.allocated_paise') }} as allocated,
        {{ sum_paise('invoices.total_paise - invoices.credited_paise') }} as invoiced,
        count(*) as invoices,
        max(invoices.last_seq) as last_seq
    from {{ ref('proj_invoices') }} as invoices
    left join {{ ref('fct_appointment') }} as appointments
        on invoices.tenant_id = appointments.tenant_id and invoices.appointment_id = appointments.appointment_id
    group by
        invoices.tenant_id, invoices.business_date, invoices.branch_id, coalesce(appointments.specialty_id, '-1')
),

money as (
    select
        tenant_id, business_date, branch_id, specialty_id,
        {{ sum_paise('refunded_paise') }} as refunded,
        {{ sum_paise('captured_paise') }} as captured,
        count(*) as payments,
        max(last_seq) as last_seq
    from {{ ref('fct_payment') }}
    where captured_paise > 0
    group by tenant_id, business_date, branch_id, specialty_id
),

followups as (
    select
        tenant_id, business_date, branch_id, specialty_id, {{ count_if('is_adherent') }} as adherent,
        count(*) as due, max(last_seq) as last_seq
    from {{ ref('fct_followup') }}
    where is_due
    group by tenant_id, business_date, branch_id, specialty_id
),

advice as (
    select
        tenant_id, business_date, branch_id, specialty_id, {{ count_if('is_converted') }} as converted,
        count(*) as matured, max(last_seq) as last_seq
    from {{ ref('fct_service_request') }}
    where is_matured
    group by tenant_id, business_date, branch_id, specialty_id
),

unresolved as (
    select
        items.tenant_id, items.business_date, items.branch_id,
        coalesce(appointments.specialty_id, '-1') as specialty_id,
        {{ sum_paise('abs(items.variance_paise)') }} as variance,
        cast(null as bigint) as last_seq
    from {{ ref('fct_recon_item') }} as items
    left join {{ ref('fct_appointment') }} as appointments
        on items.tenant_id = appointments.tenant_id and items.appointment_id = appointments.appointment_id
    where items.is_exception
    group by items.tenant_id, items.business_date, items.branch_id, coalesce(appointments.specialty_id, '-1')
),

parts as (
    {% for metric, relation, numerator, denominator, units in [
        ('utilisation', 'slots', 'fulfilled', 'tokens', 'tokens'),
        ('revenue_per_available_hour', 'slots', '0', 'minutes', 'tokens'),
        ('revenue_per_available_hour', 'billed', '60 * net_revenue', '0', '0'),
        ('noshow_rate', 'visits', 'noshows', 'decided', 'decided'),
        ('cancel_rate_patient', 'visits', 'cancelled', 'booked', 'booked'),
        ('realised_price', 'visits', '0', 'paid_consultations', 'paid_consultations'),
        ('realised_price', 'billed', 'consultation_revenue', '0', '0'),
        ('discount_rate', 'billed', 'discount', 'gross', 'issued_lines'),
        ('collection_rate', 'invoices', 'allocated', 'invoiced', 'invoices'),
        ('deposit_coverage', 'visits', 'deposit_paid', 'deposit_required', 'deposits'),
        ('followup_adherence', 'followups', 'adherent', 'due', 'due'),
        ('procedure_conversion', 'advice', 'converted', 'matured', 'matured'),
        ('refund_rate', 'money', 'refunded', 'captured', 'payments'),
        ('recon_variance_bps', 'money', '0', 'captured', 'payments'),
        ('recon_variance_bps', 'unresolved', 'variance', '0', '0'),
    ] -%}
    select
        tenant_id, business_date, branch_id, specialty_id, '{{ metric }}' as metric, {{ numerator }} as numerator,
        {{ denominator }} as denominator, {{ units }} as units, last_seq
    from {{ relation }}
    where {{ numerator }} <> 0 or {{ denominator }} <> 0
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select
    tenant_id, business_date, branch_id, specialty_id, metric,
    cast(sum(numerator) as bigint) as numerator,
    cast(sum(denominator) as bigint) as denominator,
    cast(sum(units) as bigint) as units,
    max(last_seq) as last_seq
from parts
where branch_id <> '-1'
group by tenant_id, business_date, branch_id, specialty_id, metric
