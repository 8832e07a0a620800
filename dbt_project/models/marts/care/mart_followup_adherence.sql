{% set grain = 'tenant_id, due_on, branch_id, city_id, practitioner_id, specialty_id, department_id' -%}
with counted as (
    select
        {{ grain }},
        count(*) as due_n,
        {{ count_if("outcome = 'adherent'") }} as adherent_n,
        {{ count_if("outcome = 'late'") }} as late_n,
        {{ count_if("outcome = 'early'") }} as early_n,
        {{ count_if("outcome = 'lapsed'") }} as lapsed_n,
        {{ count_if("outcome = 'declined'") }} as declined_n,
        {{ count_if("outcome = 'open'") }} as open_n,
        {{ count_if("booked_count > 0") }} as booked_n,
        {{ count_if("noshow_count > 0") }} as noshow_of_booked_n,
        {{ sum_paise('revenue_at_risk_paise') }} as revenue_at_risk_paise,
        max(last_seq) as last_seq
    from {{ ref('fct_followup') }}
    where is_due
    group by {{ grain }}
)

select
    {{ grain }},
    due_n,
    adherent_n,
    late_n,
    early_n,
    lapsed_n,
    declined_n,
    open_n,
    {{ rate('adherent_n', 'due_n') }} as adherence_rate,
    booked_n,
    {{ rate('booked_n', 'due_n') }} as booked_rate,
    noshow_of_booked_n,
    {{ rate('noshow_of_booked_n', 'booked_n') }} as noshow_of_booked_rate,
    revenue_at_risk_paise,
    last_seq
from counted
