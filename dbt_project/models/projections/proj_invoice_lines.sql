with issued as (
    select
        tenant_id, aggregate_id as invoice_id, seq as source_seq, line_no, occurred_at, service_id, practitioner_id,
        service_request_id, qty, gross_paise, discount_paise, taxable_paise, gst_paise, total_paise
    from {{ ref('stg_invoice__lines') }}
    where event_type = 'InvoiceIssued'
),

credited as (
    select
        notes.seq as source_seq,
        notes.occurred_at,
        notes.taxable_paise,
        notes.gst_paise,
        notes.total_paise,
        issued.total_paise - sum(notes.total_paise) over (
            partition by notes.tenant_id, notes.aggregate_id, notes.line_no order by notes.seq
            rows between unbounded preceding and current row
        ) as left_paise,
        issued.tenant_id, issued.invoice_id, issued.line_no, issued.service_id, issued.practitioner_id,
        issued.service_request_id, issued.qty, issued.gross_paise, issued.discount_paise
    from {{ ref('stg_invoice__lines') }} as notes
    inner join issued
        on notes.tenant_id = issued.tenant_id
        and notes.aggregate_id = issued.invoice_id
        and notes.line_no = issued.line_no
    where notes.event_type = 'InvoiceCredited'
),

lines as (
    select *, 'issue' as kind, 1 as sign
    from issued

    union all

    select
        tenant_id, invoice_id, source_seq, line_no, occurred_at, service_id, practitioner_id, service_request_id,
        -- the note that leaves nothing of a line takes back its quantity, price and discount too
        case when left_paise = 0 then qty else 0 end as qty,
        case when left_paise = 0 then gross_paise else 0 end as gross_paise,
        case when left_paise = 0 then discount_paise else 0 end as discount_paise,
        taxable_paise, gst_paise, total_paise, 'credit' as kind, -1 as sign
    from credited
),

components as (
    select
        packages.tenant_id,
        packages.service_id as package_service_id,
        parts.ordinal,
        parts.service_id,
        parts.list_price_paise,
        sum(parts.list_price_paise) over (partition by parts.tenant_id, parts.seq) as whole_paise
    from {{ ref('stg_tenant__components') }} as parts
    inner join {{ ref('stg_tenant') }} as packages on parts.tenant_id = packages.tenant_id and parts.seq = packages.seq
),

-- who did what of a package: the line itself names one practitioner for all of it
performed as (
    select tenant_id, encounter_id, service_id, min(performer_id) as performer_id
    from {{ ref('stg_service_request') }}
    where event_type = 'ServicePerformed'
    group by tenant_id, encounter_id, service_id
),

{% set line = 'lines.tenant_id, lines.source_seq, lines.line_no' -%}
{% set weight, whole, part = 'components.list_price_paise', 'components.whole_paise', 'components.ordinal' -%}
divided as (
    select
        lines.tenant_id, lines.invoice_id, lines.source_seq, lines.line_no, lines.occurred_at, lines.kind, lines.sign,
        lines.practitioner_id, lines.service_request_id, lines.qty, lines.service_id as package_service_id,
        components.service_id,
        row_number() over (partition by {{ line }} order by components.ordinal) as part_no,
        {{ split_part('lines.gross_paise', weight, whole, line, part) }} as gross_paise,
        {{ split_part('lines.discount_paise', weight, whole, line, part) }} as discount_paise,
        {{ split_part('lines.taxable_paise', weight, whole, line, part) }} as taxable_paise,
        {{ split_part('lines.gst_paise', weight, whole, line, part) }} as gst_paise
    from lines
    inner join components
        on lines.tenant_id = components.tenant_id and lines.service_id = components.package_service_id
),

pieces as (
    select
        tenant_id, invoice_id, source_seq, line_no, part_no, occurred_at, kind, sign, practitioner_id,
        service_request_id, service_id, package_service_id, qty, gross_paise, discount_paise, taxable_paise, gst_paise
    from divided

    union all

    select
        lines.tenant_id, lines.invoice_id, lines.source_seq, lines.line_no, 0 as part_no, lines.occurred_at, lines.kind,
        lines.sign, lines.practitioner_id, lines.service_request_id, lines.service_id,
        cast(null as varchar) as package_service_id, lines.qty, lines.gross_paise, lines.discount_paise,
        lines.taxable_paise, lines.gst_paise
    from lines
    left join (select distinct tenant_id, package_service_id from components) as packages
        on lines.tenant_id = packages.tenant_id and lines.service_id = packages.package_service_id
    where packages.package_service_id is null
)

select
    pieces.tenant_id,
    pieces.invoice_id,
    pieces.source_seq,
    pieces.line_no,
    pieces.part_no,
    pieces.kind,
    pieces.occurred_at,
    headers.patient_key,
    headers.branch_id,
    coalesce(performed.performer_id, pieces.practitioner_id) as practitioner_id,
    pieces.service_id,
    pieces.package_service_id,
    pieces.service_request_id,
    headers.encounter_id,
    headers.appointment_id,
    headers.admission_id,
    {% for measure in ['qty', 'gross_paise', 'discount_paise', 'taxable_paise', 'gst_paise'] -%}
    cast(pieces.sign * pieces.{{ measure }} as bigint) as {{ measure }},
    {% endfor -%}
    cast(pieces.sign * (pieces.taxable_paise + pieces.gst_paise) as bigint) as total_paise
from pieces
inner join {{ ref('stg_invoice') }} as headers
    on pieces.tenant_id = headers.tenant_id
    and pieces.invoice_id = headers.aggregate_id
    and headers.event_type = 'InvoiceIssued'
left join performed
    on pieces.tenant_id = performed.tenant_id
    and headers.encounter_id = performed.encounter_id
    and pieces.service_id = performed.service_id
    and pieces.package_service_id is not null
