with billed as (
    select
        tenant_id,
        service_request_id,
        {{ sum_paise('taxable_paise') }} as billed_net_paise,
        max(source_seq) as last_seq
    from {{ ref('fct_invoice_line') }}
    where service_request_id is not null
    group by tenant_id, service_request_id
),

requests as (
    select
        requests.*,
        -- what nobody advised stands where and when it was performed
        coalesce(requests.advised_at, requests.performed_at) as began_at,
        tenants.utc_offset_minutes,
        tenants.as_of,
        coalesce(encounters.is_error, false) as is_error,
        encounters.patient_key as seen_key,
        coalesce(encounters.specialty_id, '-1') as specialty_id,
        coalesce(encounters.department_id, 'dep_opd') as department_id
    from {{ ref('proj_service_requests') }} as requests
    inner join {{ ref('proj_tenants') }} as tenants on requests.tenant_id = tenants.tenant_id
    left join {{ ref('fct_encounter') }} as encounters
        on requests.tenant_id = encounters.tenant_id and requests.encounter_id = encounters.encounter_id
),

told as (
    select
        requests.*,
        case
            when status in ('active', 'accepted') and window_ends_at <= as_of then 'expired'
            else status
        end as state,
        is_advised and status <> 'revoked' and not is_error as counts,
        performed_at < window_ends_at as is_in_window
    from requests
)

select
    told.tenant_id,
    told.service_request_id,
    coalesce(told.seen_key, told.patient_key, '-1') as patient_key,
    coalesce(branches.branch_id, '-1') as branch_id,
    branches.branch_sk,
    coalesce(branches.city_id, '-1') as city_id,
    coalesce(practitioners.practitioner_id, '-1') as practitioner_id,
    practitioners.practitioner_sk,
    told.specialty_id,
    told.department_id,
    coalesce(services.service_id, '-1') as service_id,
    told.encounter_id,
    told.priority,
    told.state,
    {{ business_date('told.began_at', 'told.utc_offset_minutes') }} as business_date,
    told.advised_at,
    told.window_days,
    told.window_ends_at,
    told.accepted_at,
    told.declined_at,
    told.scheduled_at,
    told.appointment_id,
    told.performed_at,
    told.performed_branch_id,
    told.performer_id,
    told.performed_encounter_id,
    told.revoked_at,
    told.list_price_paise,
    case when told.price_version_id is not null then coalesce(prices.price_version_id, '-1') end as price_version_id,
    coalesce(billed.billed_net_paise, 0) as billed_net_paise,
    told.is_advised,
    told.is_error,
    told.counts as is_counted,
    -- whoever had it scheduled or done has said yes
    told.counts and coalesce(told.accepted_at, told.scheduled_at, told.performed_at) is not null as is_accepted,
    told.counts and (
        told.window_ends_at <= told.as_of or told.performed_at is not null or told.declined_at is not null
    ) as is_matured,
    told.counts and coalesce(told.is_in_window, false) as is_converted,
    told.counts and coalesce(not told.is_in_window, false) as is_late_converted,
    told.counts and coalesce(told.performed_branch_id <> told.branch_id, false) as is_performed_elsewhere,
    not told.is_advised and not told.is_error as is_unadvised_performed,
    -- whole days that have passed
    cast(floor({{ seconds_between('told.advised_at', 'told.performed_at') }} / 86400.0) as bigint) as days_to_perform,
    told.performed_seq,
    told.first_seq,
    greatest(told.last_seq, coalesce(billed.last_seq, 0)) as last_seq
from told
left join billed on told.tenant_id = billed.tenant_id and told.service_request_id = billed.service_request_id
left join {{ ref('dim_branch') }} as branches
    on told.tenant_id = branches.tenant_id
    and told.branch_id = branches.branch_id
    and told.began_at >= branches.valid_from
    and told.began_at < branches.valid_to
left join {{ ref('dim_practitioner') }} as practitioners
    on told.tenant_id = practitioners.tenant_id
    and told.practitioner_id = practitioners.practitioner_id
    and told.began_at >= practitioners.valid_from
    and told.began_at < practitioners.valid_to
left join {{ ref('dim_service') }} as services
    on told.tenant_id = services.tenant_id and told.service_id = services.service_id
left join {{ ref('dim_price') }} as prices
    on told.tenant_id = prices.tenant_id and told.price_version_id = prices.price_version_id
