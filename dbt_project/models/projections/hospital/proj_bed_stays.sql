-- A stay of which the admission was cancelled was no stay; one whose discharge was cancelled goes on.
with cancelled as (
    select tenant_id, aggregate_id as admission_id
    from {{ ref('stg_admission') }}
    where event_type = 'AdmissionCancelled'
),

moves as (
    select
        events.tenant_id,
        events.aggregate_id as admission_id,
        events.seq,
        events.event_type,
        case events.event_type when 'PatientTransferred' then events.to_bed_id else events.bed_id end as bed_id,
        coalesce(events.admitted_at, events.discharged_at, events.moved_at) as moved_at
    from {{ ref('stg_admission') }} as events
    left join cancelled on events.tenant_id = cancelled.tenant_id and events.aggregate_id = cancelled.admission_id
    where
        events.event_type in ('PatientAdmitted', 'PatientTransferred', 'PatientDischarged', 'DischargeCancelled')
        and cancelled.admission_id is null
),

{% set stay = 'partition by tenant_id, admission_id order by seq' -%}
placed as (
    select
        moves.*,
        lag(moved_at) over ({{ stay }}) as left_at,
        lag(bed_id, 2) over ({{ stay }}) as left_bed_id,
        lead(moved_at) over ({{ stay }}) as until_at,
        lead(event_type) over ({{ stay }}) as next_type,
        lead(event_type, 2) over ({{ stay }}) as resumed_by,
        lead(bed_id, 2) over ({{ stay }}) as resumed_bed_id,
        lead(moved_at, 2) over ({{ stay }}) as resumed_at,
        lead(seq) over ({{ stay }}) as until_seq
    from moves
)

select
    placed.tenant_id,
    placed.admission_id,
    placed.seq as since_seq,
    placed.until_seq,
    placed.bed_id,
    placed.moved_at as since_at,
    placed.until_at,
    case
        when placed.event_type = 'PatientAdmitted' then 'admission'
        when
            placed.event_type = 'DischargeCancelled'
            and placed.left_bed_id = placed.bed_id
            and placed.left_at = placed.moved_at
            then 'same_bed'
        else 'transfer'
    end as begun_by,
    case
        when placed.next_type is null then null
        when placed.next_type = 'PatientTransferred' then 'transfer'
        when placed.resumed_by is null then 'discharge'
        when placed.resumed_bed_id = placed.bed_id and placed.resumed_at = placed.until_at then 'same_bed'
        else 'transfer'
    end as ended_by,
    {{ first_midnight('placed.moved_at', 'tenants.utc_offset_minutes') }} as first_census_on,
    -- the patient is not counted at the midnight of leaving
    {{ first_midnight('placed.until_at', 'tenants.utc_offset_minutes') }} as gone_on
from placed
inner join {{ ref('proj_tenants') }} as tenants on placed.tenant_id = tenants.tenant_id
where placed.event_type <> 'PatientDischarged'
