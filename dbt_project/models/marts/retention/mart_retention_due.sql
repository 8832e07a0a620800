with holds as (
    select tenant_id, scope, held_id
    from {{ ref('fct_legal_hold') }}
    where released_at is null
    group by tenant_id, scope, held_id
),

marked as (
    select
        events.tenant_id, events.retention_class, events.branch_id, events.retain_until, events.events_n,
        events.last_seq, nullif(events.patient_key, '-1') as patient_key,
        coalesce(patients.held_id, admissions.held_id, claims.held_id, tenants.held_id) is not null as is_on_hold
    from {{ ref('fct_retention') }} as events
    left join holds as patients
        on
        events.tenant_id = patients.tenant_id and events.patient_key = patients.held_id
        and patients.scope = 'patient'
    left join holds as admissions
        on
        events.tenant_id = admissions.tenant_id and events.admission_id = admissions.held_id
        and admissions.scope = 'admission'
    left join holds as claims
        on events.tenant_id = claims.tenant_id and events.claim_id = claims.held_id and claims.scope = 'claim'
    left join holds as tenants on events.tenant_id = tenants.held_id and tenants.scope = 'tenant'
)

select
    tenant_id, retention_class,
    cast(date_trunc('month', retain_until) as date) as due_month,
    branch_id,
    cast(sum(events_n) as bigint) as events_n,
    count(distinct patient_key) as subjects_n,
    cast(coalesce(sum(case when is_on_hold then events_n end), 0) as bigint) as on_hold_n,
    min(retain_until) as oldest_retain_until,
    max(last_seq) as last_seq
from marked
group by tenant_id, retention_class, due_month, branch_id
