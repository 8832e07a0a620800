{#- The n-th bank day after a date, the date itself for n = 0 (DOMAIN §6.3); goes with the joins below. -#}
{% macro bank_day_after(on, days, there) -%}
    case when {{ days }} = 0 then {{ on }} else {{ there }}.date_on end
{%- endmacro %}

{% macro join_bank_day_after(relation, on, days, here, there) -%}
    left join {{ ref('dim_date') }} as {{ here }}
        on {{ relation }}.tenant_id = {{ here }}.tenant_id and {{ relation }}.{{ on }} = {{ here }}.date_on
    left join {{ ref('dim_date') }} as {{ there }}
        on {{ relation }}.tenant_id = {{ there }}.tenant_id
        and {{ there }}.is_bank_day
        and {{ there }}.bank_day_number = {{ here }}.bank_day_number + {{ relation }}.{{ days }}
{%- endmacro %}
