with issued as (
    select
        tenant_id, aggregate_id as invoice_id, seq as issued_seq, invoice_no, patient_key, branch_id, encounter_id,
        admission_id, appointment_id, occurred_at as issued_at, total_paise, taxable_paise, gst_paise
    from {{ ref('stg_invoice') }}
    where event_type = 'InvoiceIssued'
),

taken_back as (
    select
        tenant_id,
        aggregate_id as invoice_id,
        {{ sum_paise('total_paise', "event_type = 'InvoiceCredited'") }} as credited_paise,
        {{ sum_paise('amount_paise', "event_type = 'InvoiceWrittenOff'") }} as written_off_paise,
        max(seq) as last_seq
    from {{ ref('stg_invoice') }}
    where event_type in ('InvoiceCredited', 'InvoiceWrittenOff')
    group by tenant_id, aggregate_id
),

discounts as (
    select tenant_id, seq, {{ sum_paise('discount_paise') }} as discount_paise
    from {{ ref('stg_invoice__lines') }}
    where event_type = 'InvoiceIssued'
    group by tenant_id, seq
),

paid as (
    select
        tenant_id,
        invoice_id,
        {{ sum_paise("case when event_type = 'PaymentDeallocated' then -amount_paise else amount_paise end") }}
            as allocated_paise,
        max(seq) as last_seq
    from {{ ref('stg_payment') }}
    where event_type in ('PaymentAllocated', 'PaymentDeallocated')
    group by tenant_id, invoice_id
),

-- what a claim has moved to the payer comes back when it is cancelled, and what is billed to the patient when it closes
claims as (
    select
        tenant_id,
        aggregate_id,
        max_by(invoice_id, seq) filter (where event_type = 'ClaimSubmitted') as invoice_id,
        case
            when count(case when event_type = 'ClaimCancelled' then 1 end) > 0 then 0
            else
                coalesce(max_by(claimed_paise, seq) filter (where event_type = 'ClaimSubmitted'), 0)
                - coalesce(
                    max(residual_paise) filter (where event_type = 'ClaimClosed' and treatment = 'bill_patient'), 0
                )
        end as claimed_paise,
        max(seq) as last_seq
    from {{ ref('stg_claim') }}
    where event_type in ('ClaimSubmitted', 'ClaimCancelled', 'ClaimClosed')
    group by tenant_id, aggregate_id
),

claimed as (
    select tenant_id, invoice_id, {{ sum_paise('claimed_paise') }} as claimed_paise, max(last_seq) as last_seq
    from claims
    where invoice_id is not null
    group by tenant_id, invoice_id
),

totals as (
    select
        issued.*,
        discounts.discount_paise,
        coalesce(taken_back.credited_paise, 0) as credited_paise,
        coalesce(taken_back.written_off_paise, 0) as written_off_paise,
        coalesce(claimed.claimed_paise, 0) as claimed_paise,
        coalesce(paid.allocated_paise, 0) as allocated_paise,
        greatest(
            issued.issued_seq, coalesce(taken_back.last_seq, 0), coalesce(claimed.last_seq, 0),
            coalesce(paid.last_seq, 0)
        ) as last_seq
    from issued
    left join discounts on issued.tenant_id = discounts.tenant_id and issued.issued_seq = discounts.seq
    left join taken_back on issued.tenant_id = taken_back.tenant_id and issued.invoice_id = taken_back.invoice_id
    left join claimed on issued.tenant_id = claimed.tenant_id and issued.invoice_id = claimed.invoice_id
    left join paid on issued.tenant_id = paid.tenant_id and issued.invoice_id = paid.invoice_id
)

select
    totals.tenant_id,
    totals.invoice_id,
    totals.invoice_no,
    totals.patient_key,
    totals.branch_id,
    totals.encounter_id,
    totals.admission_id,
    totals.appointment_id,
    totals.issued_at,
    {{ business_date('totals.issued_at', 'tenants.utc_offset_minutes') }} as business_date,
    totals.total_paise,
    totals.taxable_paise,
    totals.gst_paise,
    totals.discount_paise,
    totals.credited_paise,
    totals.written_off_paise,
    totals.claimed_paise,
    totals.allocated_paise,
    -- INV-P3
    total_paise - credited_paise - written_off_paise - claimed_paise - allocated_paise as outstanding_paise,
    case
        when credited_paise > 0 and credited_paise = total_paise then 'entered-in-error'
        when total_paise - credited_paise - written_off_paise - claimed_paise - allocated_paise = 0 then 'balanced'
        else 'issued'
    end as status,
    totals.issued_seq,
    totals.last_seq
from totals
inner join {{ ref('proj_tenants') }} as tenants on totals.tenant_id = tenants.tenant_id
