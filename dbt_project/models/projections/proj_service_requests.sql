-- a stream begins with the advice, or with the performance of what nobody advised
with marks as (
    select
        tenant_id,
        aggregate_id as service_request_id,
        min(seq) as first_seq,
        max(seq) as last_seq,
        max(case when event_type = 'ServiceAdviceAccepted' then occurred_at end) as accepted_at,
        max(case when event_type = 'ServiceAdviceDeclined' then occurred_at end) as declined_at,
        max(case when event_type = 'ServiceAdviceDeclined' then reason end) as decline_reason,
        max(case when event_type = 'ServiceScheduled' then scheduled_at end) as scheduled_at,
        max(case when event_type = 'ServiceScheduled' then appointment_id end) as appointment_id,
        max(case when event_type = 'ServiceRequestRevoked' then occurred_at end) as revoked_at,
        max(case when event_type = 'ServicePerformed' then seq end) as performed_seq
    from {{ ref('stg_service_request') }}
    group by tenant_id, aggregate_id
)

select
    marks.tenant_id,
    marks.service_request_id,
    began.patient_key,
    began.branch_id,
    coalesce(began.practitioner_id, began.performer_id) as practitioner_id,
    began.service_id,
    began.encounter_id,
    began.event_type = 'ServiceAdvised' as is_advised,
    began.priority,
    began.list_price_paise,
    began.price_version_id,
    began.window_days,
    began.advised_at,
    {{ dbt.dateadd('day', 'began.window_days', 'began.advised_at') }} as window_ends_at,
    marks.accepted_at,
    marks.declined_at,
    marks.decline_reason,
    marks.scheduled_at,
    marks.appointment_id,
    marks.revoked_at,
    done.performed_at,
    done.branch_id as performed_branch_id,
    done.performer_id,
    done.encounter_id as performed_encounter_id,
    case
        when marks.performed_seq is not null then 'completed'
        when marks.revoked_at is not null then 'revoked'
        when marks.scheduled_at is not null then 'scheduled'
        when marks.declined_at is not null then 'declined'
        when marks.accepted_at is not null then 'accepted'
        else 'active'
    end as status,
    marks.performed_seq,
    marks.first_seq,
    marks.last_seq
from marks
inner join {{ ref('stg_service_request') }} as began
    on marks.tenant_id = began.tenant_id and marks.first_seq = began.seq
left join {{ ref('stg_service_request') }} as done
    on marks.tenant_id = done.tenant_id and marks.performed_seq = done.seq
