with appointments as (
    select
        appointments.*,
        case when final_status in ('cancelled', 'noshow') then final_status else 'other' end as outcome,
        case when final_status = 'cancelled' then cancel_initiator else '-' end as initiator,
        coalesce(price_quoted_paise, 0) as price_paise
    from {{ ref('fct_appointment') }} as appointments
    where not is_error and not is_hold_expired
),

forfeits as (
    select tenant_id, appointment_id, {{ sum_paise('net_paise') }} as net_paise
    from {{ ref('fct_forfeit') }}
    group by tenant_id, appointment_id
),

valued as (
    select
        appointments.*,
        -- what cost nothing is counted, and loses nothing
        appointments.outcome <> 'other' and appointments.price_paise > 0 as is_lost,
        coalesce(forfeits.net_paise, 0) as forfeit_net_paise,
        coalesce(backfills.value_paise, 0) as backfill_paise,
        coalesce(rebookings.value_paise, 0) as rebooked_paise
    from appointments
    left join forfeits
        on appointments.tenant_id = forfeits.tenant_id and appointments.appointment_id = forfeits.appointment_id
    left join {{ ref('fct_vacancy_refill') }} as backfills
        on appointments.tenant_id = backfills.tenant_id
        and appointments.appointment_id = backfills.appointment_id
        and backfills.role = 'backfill'
    left join {{ ref('fct_vacancy_refill') }} as rebookings
        on appointments.tenant_id = rebookings.tenant_id
        and appointments.appointment_id = rebookings.appointment_id
        and rebookings.role = 'rebooking'
),

sums as (
    select
        tenant_id,
        business_date,
        branch_id,
        city_id,
        practitioner_id,
        specialty_id,
        department_id,
        service_id,
        initiator,
        outcome,
        count(*) as n,
        {{ sum_paise('price_paise') }} as scheduled_value_paise,
        {{ sum_paise('price_paise', 'is_lost') }} as lost_value_paise,
        {{ sum_paise('backfill_paise', 'is_lost') }} as backfill_value_paise,
        {{ sum_paise('forfeit_net_paise', 'is_lost') }} as forfeit_net_paise,
        {{ sum_paise('rebooked_paise', 'is_lost') }} as rebooked_value_paise,
        cast(sum(reschedule_count_patient + reschedule_count_provider) as bigint) as vacated_by_reschedule_n,
        {{ count_if("cancel_reason = 'lwbs'") }} as lwbs_n,
        max(last_seq) as last_seq
    from valued
    group by
        tenant_id, business_date, branch_id, city_id, practitioner_id, specialty_id, department_id, service_id,
        initiator, outcome
)

select
    tenant_id,
    business_date,
    branch_id,
    city_id,
    practitioner_id,
    specialty_id,
    department_id,
    service_id,
    initiator,
    outcome,
    n,
    scheduled_value_paise,
    lost_value_paise,
    backfill_value_paise,
    forfeit_net_paise,
    lost_value_paise - backfill_value_paise - forfeit_net_paise as leakage_paise,
    {{ rate('lost_value_paise - backfill_value_paise - forfeit_net_paise', 'scheduled_value_paise') }} as leakage_rate,
    rebooked_value_paise,
    lost_value_paise - backfill_value_paise - forfeit_net_paise - rebooked_value_paise as leakage_after_rebook_paise,
    vacated_by_reschedule_n,
    lwbs_n,
    last_seq
from sums
