{{ config(materialized='view', database='workings') }}

with lines as (
    select
        lines.tenant_id,
        lines.source_seq,
        coalesce(services.kind, '-') as service_kind,
        abs({{ sum_paise('lines.total_paise') }}) as amount_paise,
        abs({{ sum_paise('lines.taxable_paise') }}) as net_paise,
        abs({{ sum_paise('lines.gst_paise') }}) as gst_paise
    from {{ ref('fct_invoice_line') }} as lines
    left join {{ ref('dim_service') }} as services
        on lines.tenant_id = services.tenant_id and lines.service_id = services.service_id
    group by lines.tenant_id, lines.source_seq, coalesce(services.kind, '-')
)

select
    billed.tenant_id,
    billed.seq as source_seq,
    coalesce(invoices.branch_id, '-1') as branch_id,
    case billed.event_type
        when 'InvoiceIssued' then 'invoiced'
        when 'InvoiceCredited' then 'credited'
        else 'written_off'
    end as posting,
    coalesce(lines.service_kind, '-') as service_kind,
    {{ business_date('billed.occurred_at', 'tenants.utc_offset_minutes') }} as business_date,
    billed.occurred_at,
    billed.recorded_at,
    billed.aggregate_id as source_ref,
    coalesce(lines.amount_paise, billed.amount_paise) as amount_paise,
    coalesce(lines.net_paise, 0) as net_paise,
    coalesce(lines.gst_paise, 0) as gst_paise
from {{ ref('stg_invoice') }} as billed
inner join {{ ref('proj_tenants') }} as tenants on billed.tenant_id = tenants.tenant_id
inner join {{ ref('proj_invoices') }} as invoices
    on billed.tenant_id = invoices.tenant_id and billed.aggregate_id = invoices.invoice_id
left join lines on billed.tenant_id = lines.tenant_id and billed.seq = lines.source_seq
where
    billed.event_type = 'InvoiceWrittenOff'
    or (billed.event_type in ('InvoiceIssued', 'InvoiceCredited') and lines.source_seq is not null)
