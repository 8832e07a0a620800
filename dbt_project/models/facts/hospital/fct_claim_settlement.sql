select
    events.tenant_id,
    events.aggregate_id as claim_id,
    events.settlement_ref,
    claims.payer_id,
    claims.branch_id,
    claims.city_id,
    claims.practitioner_id,
    claims.specialty_id,
    claims.department_id,
    claims.invoice_id,
    events.paid_on,
    {{ business_date('events.occurred_at', 'tenants.utc_offset_minutes') }} as told_on,
    events.gross_paise,
    events.tds_paise,
    events.other_deduction_paise,
    events.net_paise,
    upper(events.utr) as utr,
    -- one transfer of a payer may pay for several claims
    'L6:claim:' || upper(events.utr) as item_id,
    events.seq
from {{ ref('stg_claim') }} as events
inner join {{ ref('proj_tenants') }} as tenants on events.tenant_id = tenants.tenant_id
inner join {{ ref('fct_claim') }} as claims
    on events.tenant_id = claims.tenant_id and events.aggregate_id = claims.claim_id
where events.event_type = 'ClaimSettled'
