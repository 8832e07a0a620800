{{ config(materialized='view') }}

with kept as (
    select
        events.tenant_id, events.seq, events.stream_id, classes.retention_class, events.patient_key,
        events.admission_id, events.claim_id,
        coalesce(events.branch_id, '-1') as branch_id,
        {{ business_date('events.occurred_at', 'tenants.utc_offset_minutes') }} as occurred_on
    from {{ ref('stg_event') }} as events
    inner join {{ ref('retention_classes') }} as classes on events.event_type = classes.event_type
    inner join {{ ref('proj_tenants') }} as tenants on events.tenant_id = tenants.tenant_id
),

anchored as (
    select
        kept.*,
        case kept.retention_class
            when 'medico_legal'
                then greatest(
                        coalesce(patients.last_care_on, kept.occurred_on),
                        coalesce(patients.of_age_on, kept.occurred_on)
                    )
            when 'hospital' then streams.stay_ends_on
            when 'insurance' then streams.claim_ends_on
            when 'financial_gst'
                then make_date(year(kept.occurred_on) + case when month(kept.occurred_on) > 3 then 1 else 0 end, 3, 31)
            else kept.occurred_on
        end as anchor_on
    from kept
    left join {{ ref('proj_retention_patients') }} as patients
        on
        kept.tenant_id = patients.tenant_id and kept.patient_key = patients.patient_key
        and kept.retention_class = 'medico_legal'
    left join {{ ref('proj_retention_streams') }} as streams
        on
        kept.tenant_id = streams.tenant_id and kept.stream_id = streams.stream_id
        and kept.retention_class in ('hospital', 'insurance')
),

years as (
    select
        tenant_id,
        {% for class, floor in [
            ('medico_legal', 7), ('financial_gst', 5), ('hospital', 10), ('insurance', 3), ('operational', 3)
        ] %}
    greatest({{ floor }}, coalesce(
        max_by(patch_retention_{{ class }}, seq)
        filter (where patch_retention_{{ class }} is not null), 0
        )) as {{ class }}{{ ',' if not loop.last }}
    {% endfor %}
    from {{ ref('stg_tenant') }}
    group by tenant_id
),

dated as (
    select
        anchored.*,
        {{ years_later('anchored.anchor_on', "case anchored.retention_class when 'medico_legal' then years.medico_legal"
            ~ " when 'financial_gst' then years.financial_gst when 'hospital' then years.hospital"
            ~ " when 'insurance' then years.insurance else years.operational end") }} as until_on
    from anchored
    inner join years on anchored.tenant_id = years.tenant_id
),

-- books are kept for 72 months after the annual return, which is due on 31 December after the fiscal year
classed as (
    select
        *,
        case
            when retention_class = 'financial_gst' then greatest(until_on, make_date(year(anchor_on) + 6, 12, 31))
            else until_on
        end as retain_until
    from dated
)

-- what several classes keep is kept by the longest
select
    tenant_id, seq,
    max_by(retention_class, { 'on': retain_until, 'class': retention_class }) as retention_class,
    max(retain_until) as retain_until,
    any_value(stream_id) as stream_id,
    any_value(branch_id) as branch_id,
    any_value(patient_key) as patient_key,
    any_value(admission_id) as admission_id,
    any_value(claim_id) as claim_id
from classed
group by tenant_id, seq
