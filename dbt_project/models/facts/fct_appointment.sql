with appointments as (
    select
        appointments.*,
        coalesce(aliases.survivor_key, appointments.patient_key, '-1') as person_key,
        coalesce(
            {{ business_date('appointments.start_at', 'tenants.utc_offset_minutes') }}, appointments.start_on
        ) as business_date,
        {{ business_date('appointments.booked_at', 'tenants.utc_offset_minutes') }} as booked_on,
        {{ local_hour('appointments.start_at', 'tenants.utc_offset_minutes') }} as start_hour,
        -- a time known to the day only counts from the day's beginning, for looking up versions
        coalesce(
            appointments.start_at,
            {{ local_midnight('appointments.start_on', 'tenants.utc_offset_minutes') }}
        ) as version_at,
        {{ dbt.dateadd('hour', -24, 'tenants.as_of') }} as day_before_as_of,
        {{ business_date(dbt.dateadd('hour', -24, 'tenants.as_of'), 'tenants.utc_offset_minutes') }}
            as date_before_as_of
    from {{ ref('proj_appointments') }} as appointments
    inner join {{ ref('proj_tenants') }} as tenants on appointments.tenant_id = tenants.tenant_id
    left join {{ ref('proj_patient_aliases') }} as aliases
        on appointments.tenant_id = aliases.tenant_id and appointments.patient_key = aliases.patient_key
)

select
    appointments.tenant_id,
    appointments.appointment_id,
    appointments.person_key as patient_key,
    coalesce(branches.branch_id, '-1') as branch_id,
    branches.branch_sk,
    coalesce(branches.city_id, '-1') as city_id,
    coalesce(practitioners.practitioner_id, '-1') as practitioner_id,
    practitioners.practitioner_sk,
    coalesce(specialties.specialty_id, '-1') as specialty_id,
    -- whoever was moved to another doctor or branch is seen in that department
    coalesce(roles.department_id, appointments.department_id) as department_id,
    coalesce(services.service_id, '-1') as service_id,
    appointments.slot_id,
    appointments.token_no,
    coalesce(appointments.visit_type, 'unknown') as visit_type,
    coalesce(appointments.mode, 'unknown') as mode,
    coalesce(appointments.booking_channel, 'unknown') as booking_channel,
    coalesce(appointments.is_walk_in, false) as is_walk_in,
    appointments.is_new_patient,
    appointments.prior_noshow_count,
    appointments.business_date,
    appointments.booked_on,
    appointments.start_hour,
    appointments.time_precision,
    appointments.held_at,
    appointments.booked_at,
    appointments.booked_seq,
    appointments.first_start_at,
    appointments.start_at as final_start_at,
    appointments.checked_in_at,
    appointments.started_at,
    appointments.finished_at,
    appointments.closed_at,
    appointments.closed_seq,
    appointments.status as final_status,
    {{ appointment_attendance('appointments', "coalesce(
        appointments.start_at < appointments.day_before_as_of, appointments.start_on < appointments.date_before_as_of
    )") }} as attendance,
    coalesce(appointments.cancel_initiator, '-') as cancel_initiator,
    coalesce(appointments.cancel_reason, '-') as cancel_reason,
    {{ seconds_between('appointments.booked_at', 'appointments.start_at') }} as lead_seconds_booking,
    {{ days_between('appointments.booked_on', 'appointments.business_date') }} as lead_days_booking,
    appointments.lead_seconds_cancel,
    appointments.reschedule_count_patient,
    appointments.reschedule_count_provider,
    appointments.price_quoted_paise,
    coalesce(prices.price_version_id, '-1') as price_version_id,
    appointments.list_price_paise,
    coalesce(appointments.deposit_required_paise, 0) as deposit_required_paise,
    coalesce(appointments.deposit_paid_paise, 0) as deposit_paid_paise,
    coalesce(appointments.forfeit_planned_paise, 0) as forfeit_planned_paise,
    coalesce(appointments.refund_planned_paise, 0) as refund_planned_paise,
    appointments.is_imported or appointments.booked_seq is not null as is_booked,
    coalesce(appointments.visit_type = 'follow_up' and appointments.price_quoted_paise = 0, false)
        as is_free_followup,
    appointments.is_imported,
    appointments.is_hold_expired,
    appointments.status = 'entered-in-error' as is_error,
    appointments.first_seq,
    appointments.last_seq
from appointments
left join {{ ref('dim_branch') }} as branches
    on appointments.tenant_id = branches.tenant_id
    and appointments.branch_id = branches.branch_id
    and appointments.version_at >= branches.valid_from
    and appointments.version_at < branches.valid_to
left join {{ ref('dim_practitioner') }} as practitioners
    on appointments.tenant_id = practitioners.tenant_id
    and appointments.practitioner_id = practitioners.practitioner_id
    and appointments.version_at >= practitioners.valid_from
    and appointments.version_at < practitioners.valid_to
left join {{ ref('dim_service') }} as services
    on appointments.tenant_id = services.tenant_id and appointments.service_id = services.service_id
left join {{ ref('dim_price') }} as prices
    on appointments.tenant_id = prices.tenant_id and appointments.price_version_id = prices.price_version_id
left join {{ ref('dim_specialty') }} as specialties
    on appointments.tenant_id = specialties.tenant_id
    and coalesce(appointments.specialty_id, services.specialty_id) = specialties.specialty_id
left join {{ ref('proj_practitioner_roles') }} as roles
    on appointments.tenant_id = roles.tenant_id
    and appointments.practitioner_id = roles.practitioner_id
    and appointments.branch_id = roles.branch_id
    and appointments.business_date >= roles.from_on
    and appointments.business_date < roles.to_on
