{#- Date of the first midnight at or after an instant, in the tenant's zone: the census that first sees what happened. -#}
{% macro first_midnight(at, offset_minutes) -%}
    {{ add_days('cast(' ~ dbt.dateadd('microsecond', -1, local_time(at, offset_minutes)) ~ ' as date)', '1') }}
{%- endmacro %}
