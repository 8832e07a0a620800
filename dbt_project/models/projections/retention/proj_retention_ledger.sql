{{ config(materialized='view') }}
{% set classes = ['operational', 'medico_legal', 'insurance', 'hospital', 'financial_gst'] -%}
{% set floors = {'medico_legal': 7, 'financial_gst': 5, 'hospital': 10, 'insurance': 3, 'operational': 3} -%}

with classes as (
    select
        event_type,
    {% for class in classes -%}
    bool_or(retention_class = '{{ class }}') as is_{{ class }}{{ ',' if not loop.last }}
    {% endfor %}
    from {{ ref('retention_classes') }}
    group by event_type
),

years as (
    select
        tenant_id,
    {% for class in classes -%}
    greatest({{ floors[class] }}, coalesce(
        max_by(patch_retention_{{ class }}, seq) filter (where patch_retention_{{ class }} is not null), 0
        )) as {{ class }}{{ ',' if not loop.last }}
    {% endfor %}
    from {{ ref('stg_tenant') }}
    group by tenant_id
),

kept as (
    select
        events.tenant_id, events.seq, events.stream_id, events.admission_id, events.claim_id,
        coalesce(aliases.survivor_key, events.patient_key) as patient_key,
        coalesce(events.branch_id, '-1') as branch_id,
        classes.*,
        {{ business_date('events.occurred_at', 'tenants.utc_offset_minutes') }} as occurred_on
    from {{ ref('stg_event') }} as events
    inner join classes on events.event_type = classes.event_type
    inner join {{ ref('proj_tenants') }} as tenants on events.tenant_id = tenants.tenant_id
    left join {{ ref('proj_patient_aliases') }} as aliases
        on events.tenant_id = aliases.tenant_id and events.patient_key = aliases.patient_key
),

anchored as (
    select
        kept.*,
        greatest(
            coalesce(patients.last_care_on, kept.occurred_on), coalesce(patients.of_age_on, kept.occurred_on)
        ) as care_on,
        streams.stay_ends_on,
        streams.claim_ends_on,
        make_date(year(kept.occurred_on) + case when month(kept.occurred_on) > 3 then 1 else 0 end, 3, 31) as fiscal_on
    from kept
    left join {{ ref('proj_retention_patients') }} as patients
        on
        kept.tenant_id = patients.tenant_id and kept.patient_key = patients.patient_key and kept.is_medico_legal
    left join {{ ref('proj_retention_streams') }} as streams
        on
        kept.tenant_id = streams.tenant_id and kept.stream_id = streams.stream_id
        and (kept.is_hospital or kept.is_insurance)
),

{% set anchors = {
    'operational': 'anchored.occurred_on', 'medico_legal': 'anchored.care_on', 'insurance': 'anchored.claim_ends_on',
    'hospital': 'anchored.stay_ends_on', 'financial_gst': 'anchored.fiscal_on'
} -%}
dated as (
    select
        anchored.*,
    {% for class in classes -%}
    case when anchored.is_{{ class }} then {{ years_later(anchors[class], 'years.' ~ class) }} end
        as {{ class }}_until{{ ',' if not loop.last }}
    {% endfor %}
    from anchored
    inner join years on anchored.tenant_id = years.tenant_id
),

-- books are kept for 72 months after the annual return, which is due on 31 December after the fiscal year;
-- what several classes keep is kept by the longest
longest as (
    select
        *,
        greatest(
            operational_until, medico_legal_until, insurance_until, hospital_until, financial_gst_until,
            case when is_financial_gst then make_date(year(fiscal_on) + 6, 12, 31) end
        ) as retain_until
    from dated
)

select
    tenant_id,
    seq,
    case
        {% for class in classes if class != 'financial_gst' -%}
        when {{ class }}_until = retain_until then '{{ class }}'
        {% endfor -%}
        else 'financial_gst'
    end as retention_class,
    retain_until, stream_id, branch_id, patient_key, admission_id, claim_id
from longest
