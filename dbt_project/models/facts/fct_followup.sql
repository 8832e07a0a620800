-- the consultation of a specialty: what a follow-up of any other service is
with consultations as (
    select tenant_id, specialty_id, min(service_id) as service_id
    from {{ ref('dim_service') }}
    where kind = 'consultation'
    group by tenant_id, specialty_id
),

followups as (
    select
        followups.*,
        tenants.as_of_date,
        {{ local_midnight('followups.due_on', 'tenants.utc_offset_minutes') }} as due_at,
        coalesce(encounters.patient_key, followups.patient_key, '-1') as person_key,
        coalesce(encounters.department_id, 'dep_opd') as department_id,
        coalesce(encounters.specialty_id, '-1') as seen_specialty_id,
        coalesce(encounters.is_error, false) as is_error,
        case when services.kind = 'consultation' then services.service_id else consultations.service_id end
            as service_id,
        case
            when followups.status in ('requested', 'booked', 'overdue') and followups.lapse_on < tenants.as_of_date
                then 'lapsed'
            else followups.status
        end as state
    from {{ ref('proj_followups') }} as followups
    inner join {{ ref('proj_tenants') }} as tenants on followups.tenant_id = tenants.tenant_id
    left join {{ ref('fct_encounter') }} as encounters
        on followups.tenant_id = encounters.tenant_id and followups.encounter_id = encounters.encounter_id
    left join {{ ref('dim_service') }} as services
        on encounters.tenant_id = services.tenant_id and encounters.service_id = services.service_id
    left join consultations
        on followups.tenant_id = consultations.tenant_id and followups.specialty_id = consultations.specialty_id
),

told as (
    select
        followups.*,
        state <> 'cancelled' and not is_error and due_to <= as_of_date as is_due,
        case
            when state = 'completed' and completed_on < due_from then 'early'
            when state = 'completed' and completed_on <= due_to then 'adherent'
            when state = 'completed' then 'late'
            when state in ('declined', 'lapsed', 'cancelled') then state
            else 'open'
        end as outcome
    from followups
),

placed as (
    select
        told.*,
        told.is_due and told.outcome in ('lapsed', 'open') as is_at_risk,
        branches.branch_sk,
        branches.branch_id as known_branch_id,
        coalesce(branches.city_id, '-1') as city_id
    from told
    left join {{ ref('dim_branch') }} as branches
        on told.tenant_id = branches.tenant_id
        and told.branch_id = branches.branch_id
        and told.due_at >= branches.valid_from
        and told.due_at < branches.valid_to
),

offers as (
    select
        placed.tenant_id,
        placed.followup_id,
        prices.amount_paise,
        row_number() over (
            partition by placed.tenant_id, placed.followup_id order by {{ price_rank('prices') }}, prices.last_seq desc
        ) as place
    from placed
    inner join {{ ref('dim_price') }} as prices
        on placed.tenant_id = prices.tenant_id
        and placed.service_id = prices.service_id
        and placed.due_at >= prices.valid_from
        and placed.due_at < prices.valid_to
        and {{ price_applies('prices', 'placed.branch_id', 'placed.city_id', 'placed.practitioner_id') }}
    where placed.is_at_risk and prices.visit_type in ('-', 'follow_up')
)

select
    placed.tenant_id,
    placed.followup_id,
    placed.person_key as patient_key,
    coalesce(placed.known_branch_id, '-1') as branch_id,
    placed.branch_sk,
    placed.city_id,
    coalesce(practitioners.practitioner_id, '-1') as practitioner_id,
    practitioners.practitioner_sk,
    placed.seen_specialty_id as specialty_id,
    placed.department_id,
    coalesce(placed.service_id, '-1') as service_id,
    placed.encounter_id,
    placed.requested_at,
    placed.due_on as business_date,
    placed.first_due_on,
    placed.due_on,
    placed.due_from,
    placed.due_to,
    placed.lapse_on,
    placed.free_until,
    placed.same_practitioner as is_same_practitioner,
    placed.state,
    placed.outcome,
    placed.closed_as,
    placed.appointment_id,
    placed.completed_encounter_id,
    placed.completed_on,
    placed.deviation_days,
    placed.amended_count,
    coalesce(contacts.booked_count, 0) as booked_count,
    coalesce(contacts.noshow_count, 0) as noshow_count,
    coalesce(contacts.contact_attempts, 0) as contact_attempts,
    placed.is_error,
    placed.is_due,
    placed.is_due and placed.outcome = 'adherent' as is_adherent,
    coalesce(placed.due_on <= placed.free_until, false) as is_free_when_due,
    case
        when not placed.is_at_risk or placed.due_on <= placed.free_until then 0
        else coalesce(offers.amount_paise, 0)
    end as revenue_at_risk_paise,
    placed.first_seq,
    greatest(placed.last_seq, coalesce(contacts.last_seq, 0)) as last_seq
from placed
left join {{ ref('proj_followup_contacts') }} as contacts
    on placed.tenant_id = contacts.tenant_id and placed.followup_id = contacts.followup_id
left join offers
    on placed.tenant_id = offers.tenant_id and placed.followup_id = offers.followup_id and offers.place = 1
left join {{ ref('dim_practitioner') }} as practitioners
    on placed.tenant_id = practitioners.tenant_id
    and placed.practitioner_id = practitioners.practitioner_id
    and placed.due_at >= practitioners.valid_from
    and placed.due_at < practitioners.valid_to
