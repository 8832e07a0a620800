{{ config(materialized='view') }}

with events as (
    select
        billed.tenant_id,
        billed.seq,
        billed.event_type,
        billed.aggregate_id as invoice_id,
        billed.occurred_at,
        billed.recorded_at,
        billed.amount_paise,
        {{ business_date('billed.occurred_at', 'tenants.utc_offset_minutes') }} as business_date,
        coalesce(issued.branch_id, '-1') as branch_id
    from {{ ref('stg_invoice') }} as billed
    inner join {{ ref('proj_tenants') }} as tenants on billed.tenant_id = tenants.tenant_id
    inner join {{ ref('stg_invoice') }} as issued
        on billed.tenant_id = issued.tenant_id
        and billed.aggregate_id = issued.aggregate_id
        and issued.event_type = 'InvoiceIssued'
    where billed.event_type in ('InvoiceIssued', 'InvoiceCredited', 'InvoiceWrittenOff')
),

asked as (
    select lines.*, coalesce(services.kind, '-') as service_kind
    from {{ ref('stg_invoice__lines') }} as lines
    left join {{ ref('dim_service') }} as services
        on lines.tenant_id = services.tenant_id and lines.service_id = services.service_id
    where lines.event_type = 'InvoiceIssued'
),

-- a credit note names lines of its invoice and nothing else of them
lines as (
    select tenant_id, seq, service_kind, total_paise, taxable_paise, gst_paise from asked
    union all
    select
        credited.tenant_id,
        credited.seq,
        coalesce(asked.service_kind, '-'),
        credited.total_paise,
        credited.taxable_paise,
        credited.gst_paise
    from {{ ref('stg_invoice__lines') }} as credited
    left join asked
        on credited.tenant_id = asked.tenant_id
        and credited.aggregate_id = asked.aggregate_id
        and credited.line_no = asked.line_no
    where credited.event_type = 'InvoiceCredited'
),

by_kind as (
    select
        tenant_id,
        seq,
        service_kind,
        {{ sum_paise('total_paise') }} as amount_paise,
        {{ sum_paise('taxable_paise') }} as net_paise,
        {{ sum_paise('gst_paise') }} as gst_paise
    from lines
    group by tenant_id, seq, service_kind
)

select
    events.tenant_id,
    events.seq as source_seq,
    events.branch_id,
    case events.event_type when 'InvoiceIssued' then 'invoiced' when 'InvoiceCredited' then 'credited' else 'written_off' end
        as posting,
    coalesce(by_kind.service_kind, '-') as service_kind,
    events.business_date,
    events.occurred_at,
    events.recorded_at,
    events.invoice_id as source_ref,
    coalesce(by_kind.amount_paise, events.amount_paise) as amount_paise,
    coalesce(by_kind.net_paise, 0) as net_paise,
    coalesce(by_kind.gst_paise, 0) as gst_paise
from events
left join by_kind on events.tenant_id = by_kind.tenant_id and events.seq = by_kind.seq
