with recursive vacancies as (
    select
        tenant_id, 'backfill' as role, slot_id as group_key, appointment_id, price_quoted_paise, released_at,
        released_seq, {{ end_of_time() }} as until_at
    from {{ ref('fct_vacancy') }}
    where is_displaceable

    union all

    select
        tenant_id, 'rebooking' as role, patient_key || '|' || specialty_id as group_key, appointment_id,
        price_quoted_paise, released_at, released_seq, {{ dbt.dateadd('day', 14, 'released_at') }} as until_at
    from {{ ref('fct_vacancy') }}
    where patient_key <> '-1'
),

refills as (
    select * from {{ ref('fct_refill_candidate') }}
),

-- of the refills in booking order: the first that was booked after the release, and the last in time
reaches as (
    select
        vacancies.tenant_id, vacancies.role, vacancies.group_key, vacancies.appointment_id,
        vacancies.price_quoted_paise, vacancies.released_at, vacancies.released_seq,
        min(case
            when
                refills.booked_at > vacancies.released_at
                or (refills.booked_at = vacancies.released_at and refills.booked_seq > vacancies.released_seq)
                then refills.place
        end) as first_place,
        max(case when refills.booked_at <= vacancies.until_at then refills.place end) as last_place
    from vacancies
    inner join refills
        on vacancies.tenant_id = refills.tenant_id
        and vacancies.role = refills.role
        and vacancies.group_key = refills.group_key
    group by
        vacancies.tenant_id, vacancies.role, vacancies.group_key, vacancies.appointment_id,
        vacancies.price_quoted_paise, vacancies.released_at, vacancies.released_seq
),

queue as (
    select
        reaches.*,
        row_number() over (
            partition by tenant_id, role, group_key order by released_at, released_seq, appointment_id
        ) as turn
    from reaches
    where first_place <= last_place
),

-- each release takes the earliest refill that none before it took; one that finds none takes none
taken (tenant_id, role, group_key, turn, place, used) as (
    select tenant_id, role, group_key, turn, first_place, first_place
    from queue
    where turn = 1

    union all

    select
        queue.tenant_id, queue.role, queue.group_key, queue.turn,
        case
            when greatest(taken.used + 1, queue.first_place) <= queue.last_place
                then greatest(taken.used + 1, queue.first_place)
        end,
        case
            when greatest(taken.used + 1, queue.first_place) <= queue.last_place
                then greatest(taken.used + 1, queue.first_place)
            else taken.used
        end
    from taken
    inner join queue
        on taken.tenant_id = queue.tenant_id
        and taken.role = queue.role
        and taken.group_key = queue.group_key
        and taken.turn + 1 = queue.turn
)

select
    queue.tenant_id,
    queue.appointment_id,
    queue.role,
    refills.appointment_id as refill_appointment_id,
    least(queue.price_quoted_paise, refills.price_quoted_paise) as value_paise,
    queue.released_seq as source_seq,
    refills.booked_seq as refill_seq
from taken
inner join queue
    on taken.tenant_id = queue.tenant_id and taken.role = queue.role and taken.group_key = queue.group_key
    and taken.turn = queue.turn
inner join refills
    on taken.tenant_id = refills.tenant_id and taken.role = refills.role and taken.group_key = refills.group_key
    and taken.place = refills.place
