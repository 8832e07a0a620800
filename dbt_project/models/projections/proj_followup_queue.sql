{{ config(database=target.database) }}

with messages as (
    select
        tenant_id,
        aggregate_id as notification_id,
        max(related_ref) as followup_id,
        max(case when event_type = 'NotificationRequested' then seq end) as asked_seq,
        max_by(status, seq) filter (where event_type = 'NotificationStatusChanged') as status,
        max(seq) as last_seq
    from {{ ref('stg_notification') }}
    group by tenant_id, aggregate_id
),

numbered as (
    select
        messages.*,
        count(*) over (partition by tenant_id, followup_id) as contact_attempts,
        row_number() over (partition by tenant_id, followup_id order by asked_seq desc) as from_last
    from messages
)

select
    followups.tenant_id,
    followups.followup_id,
    followups.patient_key,
    followups.practitioner_id,
    followups.branch_id,
    cities.city_id,
    followups.specialty_id,
    followups.present_due_on as due_on,
    followups.present_due_from as due_from,
    followups.present_due_to as due_to,
    followups.lapse_on,
    followups.free_until,
    followups.status as state,
    followups.appointment_id,
    contacts.status as last_contact_status,
    coalesce(contacts.contact_attempts, 0) as contact_attempts,
    contacts.notification_id as last_notification_id,
    greatest(followups.last_seq, coalesce(contacts.last_seq, 0)) as last_seq
from {{ ref('proj_followups') }} as followups
left join {{ ref('proj_branch_cities') }} as cities
    on followups.tenant_id = cities.tenant_id
    and followups.branch_id = cities.branch_id
    and followups.present_due_on >= cities.from_on
    and followups.present_due_on < cities.to_on
left join numbered as contacts
    on followups.tenant_id = contacts.tenant_id
    and followups.followup_id = contacts.followup_id
    and contacts.from_last = 1
