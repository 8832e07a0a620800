-- only the slots and the patients that something was lost of
with vacated as (
    select tenant_id, 'backfill' as role, slot_id as group_key
    from {{ ref('fct_vacancy') }}
    where is_displaceable
    group by tenant_id, slot_id

    union all

    select tenant_id, 'rebooking' as role, patient_key || '|' || specialty_id as group_key
    from {{ ref('fct_vacancy') }}
    where patient_key <> '-1'
    group by tenant_id, patient_key, specialty_id
),

visits as (
    select
        tenant_id,
        appointment_id,
        slot_id,
        patient_key || '|' || specialty_id as patient_group,
        booked_at,
        coalesce(booked_seq, first_seq) as booked_seq,
        coalesce(price_quoted_paise, 0) as price_quoted_paise
    from {{ ref('fct_appointment') }}
    where final_status = 'fulfilled' and booked_at is not null
),

candidates as (
    select
        tenant_id, 'backfill' as role, slot_id as group_key, appointment_id, price_quoted_paise, booked_at, booked_seq
    from visits

    union all

    select
        tenant_id, 'rebooking' as role, patient_group as group_key, appointment_id, price_quoted_paise, booked_at,
        booked_seq
    from visits
)

select
    candidates.tenant_id,
    candidates.role,
    candidates.group_key,
    candidates.appointment_id,
    candidates.price_quoted_paise,
    candidates.booked_at,
    candidates.booked_seq,
    row_number() over (
        partition by candidates.tenant_id, candidates.role, candidates.group_key
        order by candidates.booked_at, candidates.booked_seq
    ) as place
from candidates
inner join vacated
    on candidates.tenant_id = vacated.tenant_id
    and candidates.role = vacated.role
    and candidates.group_key = vacated.group_key
