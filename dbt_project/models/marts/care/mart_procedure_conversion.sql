{% set grain = 'tenant_id, advised_on, branch_id, city_id, practitioner_id, specialty_id, department_id, service_id' -%}
with requests as (
    select requests.*, business_date as advised_on
    from {{ ref('fct_service_request') }} as requests
    where not is_error
),

counted as (
    select
        {{ grain }},
        {{ count_if('is_counted') }} as advised_n,
        {{ count_if('is_matured') }} as matured_n,
        {{ count_if('is_converted') }} as converted_n,
        {{ count_if('is_late_converted') }} as late_converted_n,
        {{ count_if('is_accepted') }} as accepted_n,
        {{ count_if("is_counted and state = 'declined'") }} as declined_n,
        {{ count_if("state = 'revoked'") }} as revoked_n,
        {{ count_if('is_performed_elsewhere') }} as performed_elsewhere_n,
        {{ count_if('is_unadvised_performed') }} as unadvised_performed_n,
        {{ sum_paise('list_price_paise', 'is_matured') }} as advised_value_paise,
        {{ sum_paise('billed_net_paise', 'is_converted') }} as converted_value_paise,
        -- the exact middle of whole days; of an even number, half-way between the two
        percentile_cont(0.5) within group (order by case when is_converted then days_to_perform end)
            as median_days_to_convert,
        max(last_seq) as last_seq
    from requests
    group by {{ grain }}
)

select
    {{ grain }},
    advised_n,
    matured_n,
    converted_n,
    late_converted_n,
    {{ rate('converted_n', 'matured_n') }} as conversion_rate,
    accepted_n,
    declined_n,
    {{ rate('accepted_n', 'accepted_n + declined_n') }} as accept_rate,
    revoked_n,
    performed_elsewhere_n,
    unadvised_performed_n,
    advised_value_paise,
    converted_value_paise,
    {{ rate('converted_value_paise', 'advised_value_paise') }} as value_conversion_rate,
    cast(median_days_to_convert as double precision) as median_days_to_convert,
    last_seq
from counted
