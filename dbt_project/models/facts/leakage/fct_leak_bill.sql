-- what is performed, billed or claimed and not paid for
with tenants as (
    select tenant_id, utc_offset_minutes, as_of, as_of_date from {{ ref('proj_tenants') }}
),

billed as (
    select distinct tenant_id, service_request_id
    from {{ ref('fct_invoice_line') }}
    where kind = 'issue' and service_request_id is not null
),

-- what a package is made of is billed with the package
packaged as (
    select distinct tenant_id, encounter_id, service_id from {{ ref('fct_invoice_line') }}
    where kind = 'issue' and package_service_id is not null
),

-- performed a day ago and on no bill; where and by whom it was performed
unbilled as (
    select
        requests.tenant_id,
        requests.service_request_id,
        requests.performed_at,
        {{ business_date('requests.performed_at', 'tenants.utc_offset_minutes') }} as business_date,
        requests.performed_branch_id as branch_id,
        requests.performer_id as practitioner_id,
        requests.service_id,
        requests.specialty_id,
        requests.list_price_paise,
        case when services.kind = 'procedure' then 'procedure' else '-' end as visit_type
    from {{ ref('fct_service_request') }} as requests
    inner join tenants on requests.tenant_id = tenants.tenant_id
    inner join {{ ref('dim_service') }} as services
        on requests.tenant_id = services.tenant_id and requests.service_id = services.service_id
    left join billed
        on requests.tenant_id = billed.tenant_id and requests.service_request_id = billed.service_request_id
    left join packaged
        on requests.tenant_id = packaged.tenant_id
        and requests.performed_encounter_id = packaged.encounter_id
        and requests.service_id = packaged.service_id
    where
        billed.service_request_id is null
        and packaged.encounter_id is null
        and not requests.is_error
        and {{ dbt.dateadd('hour', 24, 'requests.performed_at') }} <= tenants.as_of
),

priced as (
    select
        unbilled.*,
        prices.amount_paise,
        row_number() over (
            partition by unbilled.tenant_id, unbilled.service_request_id
            order by {{ price_rank('prices') }}, prices.price_version_id
        ) as place
    from unbilled
    inner join {{ ref('dim_branch') }} as branches
        on unbilled.tenant_id = branches.tenant_id
        and unbilled.branch_id = branches.branch_id
        and unbilled.performed_at >= branches.valid_from
        and unbilled.performed_at < branches.valid_to
    left join {{ ref('dim_price') }} as prices
        on unbilled.tenant_id = prices.tenant_id
        and unbilled.service_id = prices.service_id
        and unbilled.performed_at >= prices.valid_from
        and unbilled.performed_at < prices.valid_to
        and prices.visit_type in ('-', unbilled.visit_type)
        and {{ price_applies('prices', 'unbilled.branch_id', 'branches.city_id', 'unbilled.practitioner_id') }}
),

lines as (
    select
        tenant_id,
        invoice_id,
        line_no,
        business_date,
        branch_id,
        min(source_seq) as source_seq,
        min_by(practitioner_id, part_no) as practitioner_id,
        min_by(specialty_id, part_no) as specialty_id,
        {{ sum_paise('gross_paise') }} as gross_paise,
        {{ sum_paise('discount_paise') }} as discount_paise
    from {{ ref('fct_invoice_line') }}
    where kind = 'issue'
    group by tenant_id, invoice_id, line_no, business_date, branch_id
),

heads as (
    select
        tenant_id,
        invoice_id,
        min_by(practitioner_id, line_no) as practitioner_id,
        min_by(specialty_id, line_no) as specialty_id
    from lines
    group by tenant_id, invoice_id
),

-- up to here the front desk may go by itself; above it a manager is needed (DOMAIN §2.6, C57)
limits as (
    select
        tenant_id,
        seq,
        coalesce({{ json_number('patch_discount_limit_bps', 'FD') }}, 0) as limit_bps
    from {{ ref('stg_tenant') }}
    where patch_discount_limit_bps is not null
),

discounted as (
    select
        lines.tenant_id,
        lines.invoice_id,
        lines.line_no,
        coalesce(max_by(limits.limit_bps, limits.seq), 1000) as limit_bps
    from lines
    left join limits on lines.tenant_id = limits.tenant_id and lines.source_seq > limits.seq
    where lines.discount_paise > 0
    group by lines.tenant_id, lines.invoice_id, lines.line_no
)

select
    tenant_id, business_date, branch_id, practitioner_id, specialty_id, 'unbilled_service' as leakage_type,
    service_request_id as evidence_id, cast(null as varchar) as appointment_id,
    coalesce(amount_paise, list_price_paise) as amount_paise
from priced
where place = 1 and coalesce(amount_paise, list_price_paise) > 0

union all

select
    invoices.tenant_id, invoices.business_date, coalesce(invoices.branch_id, '-1') as branch_id,
    heads.practitioner_id, heads.specialty_id, 'undercollected' as leakage_type, invoices.invoice_id as evidence_id,
    invoices.appointment_id, invoices.outstanding_paise as amount_paise
from {{ ref('proj_invoices') }} as invoices
inner join tenants on invoices.tenant_id = tenants.tenant_id
inner join heads on invoices.tenant_id = heads.tenant_id and invoices.invoice_id = heads.invoice_id
where invoices.outstanding_paise > 0 and {{ add_days('invoices.business_date', 7) }} < tenants.as_of_date

union all

select
    lines.tenant_id, lines.business_date, lines.branch_id, lines.practitioner_id, lines.specialty_id,
    'excess_discount' as leakage_type, lines.invoice_id || '/' || cast(lines.line_no as varchar) as evidence_id,
    cast(null as varchar) as appointment_id,
    lines.discount_paise - {{ share_bps('lines.gross_paise', 'discounted.limit_bps') }} as amount_paise
from lines
inner join discounted
    on lines.tenant_id = discounted.tenant_id
    and lines.invoice_id = discounted.invoice_id
    and lines.line_no = discounted.line_no
where lines.discount_paise > {{ share_bps('lines.gross_paise', 'discounted.limit_bps') }}
