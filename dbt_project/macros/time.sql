{#- Local wall-clock time of an instant, without a zone. Fixed offsets only: no tenant's zone changes its clocks. -#}
{% macro local_time(at, offset_minutes) -%}
    {{ dbt.dateadd('minute', offset_minutes, "(" ~ at ~ " at time zone 'UTC')") }}
{%- endmacro %}

{#- Date on which an instant falls in the tenant's zone. -#}
{% macro business_date(at, offset_minutes) -%}
    cast({{ local_time(at, offset_minutes) }} as date)
{%- endmacro %}

{% macro local_hour(at, offset_minutes) -%}
    cast(extract(hour from {{ local_time(at, offset_minutes) }}) as integer)
{%- endmacro %}

{#- Instant at which a date begins in the tenant's zone. -#}
{% macro local_midnight(on, offset_minutes) -%}
    ({{ dbt.dateadd('minute', '-1 * ' ~ offset_minutes, 'cast(' ~ on ~ ' as timestamp)') }} at time zone 'UTC')
{%- endmacro %}

{#- Whole seconds from one instant to another, rounded down; negative when it lies before. -#}
{% macro seconds_between(from_at, to_at) -%}
    cast(floor(extract(epoch from ({{ to_at }} - {{ from_at }}))) as bigint)
{%- endmacro %}

{% macro days_between(from_on, to_on) -%}
    cast({{ dbt.datediff(from_on, to_on, 'day') }} as bigint)
{%- endmacro %}

{% macro add_days(on, days) -%}
    cast({{ dbt.dateadd('day', days, on) }} as date)
{%- endmacro %}

{#- Where a version ends that nothing has followed, and where one begins that was always there. -#}
{% macro end_of_time() -%} cast('9999-12-31 00:00:00+00' as timestamp with time zone) {%- endmacro %}
{% macro start_of_time() -%} cast('1900-01-01 00:00:00+00' as timestamp with time zone) {%- endmacro %}

{#- `FY2026-27` for the fiscal year that begins in April of a year. -#}
{% macro fiscal_year(first_year) -%}
    'FY' || cast({{ first_year }} as varchar) || '-'
    || substr(cast(mod({{ first_year }} + 1, 100) + 100 as varchar), 2, 2)
{%- endmacro %}

{#- The same day some years later; after 29 February the first of March. -#}
{% macro years_later(on, years) -%}
    cast({{ dbt.dateadd('year', years, "(" ~ on ~ ")") }} as date)
    + case when extract(day from {{ dbt.dateadd('year', years, "(" ~ on ~ ")") }}) < extract(day from {{ on }}) then 1 else 0 end
{%- endmacro %}
