-- what visits leak: forfeits that were planned and not taken, deposits waived, free follow-ups that were not free
with visits as (
    select
        visits.*,
        {{ business_date('visits.closed_at', 'tenants.utc_offset_minutes') }} as closed_on,
        tenants.utc_offset_minutes,
        bookings.followup_id,
        bookings.policy_version_ids
    from {{ ref('fct_appointment') }} as visits
    inner join {{ ref('proj_tenants') }} as tenants on visits.tenant_id = tenants.tenant_id
    inner join {{ ref('proj_appointments') }} as bookings
        on visits.tenant_id = bookings.tenant_id and visits.appointment_id = bookings.appointment_id
    where visits.is_booked and not visits.is_error and not visits.is_hold_expired
),

forfeited as (
    select tenant_id, appointment_id, {{ sum_paise('amount_paise') }} as posted_paise
    from {{ ref('fct_forfeit') }}
    group by tenant_id, appointment_id
),

-- the terms that each free follow-up was booked under
free as (
    select
        visits.*,
        terms.free_days,
        terms.free_visits,
        case when terms.is_same_practitioner then visits.practitioner_id else visits.specialty_id end as at_whom,
        terms.is_same_practitioner
    from visits
    inner join {{ ref('dim_policy') }} as terms
        on visits.tenant_id = terms.tenant_id
        and terms.kind = 'follow_up'
        and visits.policy_version_ids like '%"' || terms.policy_version_id || '"%'
    where visits.is_free_followup and visits.final_status = 'fulfilled'
),

-- the last paid visit before it opens the free days; of a follow-up that was asked for, the visit that asked
paid as (
    select free.tenant_id, free.appointment_id, max(earlier.business_date) as since_on
    from free
    inner join visits as earlier
        on free.tenant_id = earlier.tenant_id
        and free.patient_key = earlier.patient_key
        and free.at_whom
        = case when free.is_same_practitioner then earlier.practitioner_id else earlier.specialty_id end
        and free.business_date >= earlier.business_date
    where earlier.final_status = 'fulfilled' and not earlier.is_free_followup
    group by free.tenant_id, free.appointment_id
),

promised as (
    select
        free.tenant_id,
        free.appointment_id,
        {{ business_date('origins.started_at', 'free.utc_offset_minutes') }} as since_on,
        followups.free_until
    from free
    inner join {{ ref('proj_followups') }} as followups
        on free.tenant_id = followups.tenant_id and free.followup_id = followups.followup_id
    inner join {{ ref('proj_encounters') }} as origins
        on followups.tenant_id = origins.tenant_id and followups.encounter_id = origins.encounter_id
),

entitled as (
    select
        free.*,
        case when free.followup_id is null then paid.since_on else promised.since_on end as since_on,
        case
            when free.followup_id is null then {{ add_days('paid.since_on', 'free.free_days') }}
            else promised.free_until
        end as until_on
    from free
    left join paid on free.tenant_id = paid.tenant_id and free.appointment_id = paid.appointment_id
    left join promised on free.tenant_id = promised.tenant_id and free.appointment_id = promised.appointment_id
),

counted as (
    select
        entitled.*,
        row_number() over (
            partition by tenant_id, patient_key, at_whom, since_on order by final_start_at, booked_seq
        ) as visit_no
    from entitled
)

select
    visits.tenant_id,
    visits.closed_on as business_date,
    visits.branch_id,
    visits.practitioner_id,
    visits.specialty_id,
    'policy_forfeit_not_taken' as leakage_type,
    visits.appointment_id as evidence_id,
    visits.appointment_id,
    visits.forfeit_planned_paise - coalesce(forfeited.posted_paise, 0) as amount_paise
from visits
left join forfeited on visits.tenant_id = forfeited.tenant_id and visits.appointment_id = forfeited.appointment_id
where
    visits.final_status in ('cancelled', 'noshow')
    and visits.forfeit_planned_paise > coalesce(forfeited.posted_paise, 0)

union all

select
    tenant_id, booked_on as business_date, branch_id, practitioner_id, specialty_id,
    'deposit_waived' as leakage_type, appointment_id as evidence_id, appointment_id,
    deposit_required_paise - deposit_paid_paise as amount_paise
from visits
where deposit_required_paise > deposit_paid_paise

union all

select
    tenant_id, business_date, branch_id, practitioner_id, specialty_id,
    'free_followup_misuse' as leakage_type, appointment_id as evidence_id, appointment_id,
    list_price_paise as amount_paise
from counted
where
    list_price_paise > 0
    and (not coalesce(business_date between since_on and until_on, false) or visit_no > free_visits)
