with lines as (
    select
        lines.*,
        {{ business_date('lines.occurred_at', 'tenants.utc_offset_minutes') }} as business_date
    from {{ ref('proj_invoice_lines') }} as lines
    inner join {{ ref('proj_tenants') }} as tenants on lines.tenant_id = tenants.tenant_id
)

select
    lines.tenant_id,
    lines.source_seq,
    lines.line_no,
    lines.part_no,
    lines.kind,
    lines.invoice_id,
    lines.business_date,
    lines.occurred_at,
    coalesce(aliases.survivor_key, lines.patient_key, '-1') as patient_key,
    coalesce(branches.branch_id, '-1') as branch_id,
    coalesce(branches.city_id, '-1') as city_id,
    coalesce(practitioners.practitioner_id, '-1') as practitioner_id,
    coalesce(practitioners.specialty_id, services.specialty_id, '-1') as specialty_id,
    coalesce(roles.department_id, 'dep_opd') as department_id,
    coalesce(services.service_id, '-1') as service_id,
    lines.package_service_id,
    lines.service_request_id,
    lines.encounter_id,
    lines.appointment_id,
    lines.admission_id,
    roles.share_bps,
    lines.qty,
    lines.gross_paise,
    lines.discount_paise,
    lines.taxable_paise,
    lines.gst_paise,
    lines.total_paise
from lines
left join {{ ref('proj_patient_aliases') }} as aliases
    on lines.tenant_id = aliases.tenant_id and lines.patient_key = aliases.patient_key
left join {{ ref('dim_branch') }} as branches
    on lines.tenant_id = branches.tenant_id
    and lines.branch_id = branches.branch_id
    and lines.occurred_at >= branches.valid_from
    and lines.occurred_at < branches.valid_to
left join {{ ref('dim_practitioner') }} as practitioners
    on lines.tenant_id = practitioners.tenant_id
    and lines.practitioner_id = practitioners.practitioner_id
    and lines.occurred_at >= practitioners.valid_from
    and lines.occurred_at < practitioners.valid_to
left join {{ ref('dim_service') }} as services
    on lines.tenant_id = services.tenant_id and lines.service_id = services.service_id
left join {{ ref('proj_practitioner_roles') }} as roles
    on lines.tenant_id = roles.tenant_id
    and lines.practitioner_id = roles.practitioner_id
    and lines.branch_id = roles.branch_id
    and lines.business_date >= roles.from_on
    and lines.business_date < roles.to_on
