{#- 16 hex digits for a dimension row; instants must be given as whole seconds, never as engine-formatted text. -#}
{% macro surrogate_key(parts) -%}
    substr(sha256(
        {%- for part in parts -%}
            coalesce(cast({{ part }} as varchar), ''){{ " || '|' || " if not loop.last }}
        {%- endfor -%}
    ), 1, 16)
{%- endmacro %}

{% macro epoch_seconds(at) -%}
    cast(extract(epoch from {{ at }}) as bigint)
{%- endmacro %}

{% macro rate(numerator, denominator) -%}
    cast(({{ numerator }}) as double precision) / nullif({{ denominator }}, 0)
{%- endmacro %}

{#- Sum of paise: engines widen the sum of a bigint to a type that tools then read as a float. -#}
{% macro sum_paise(amount, condition=none) -%}
    {%- if condition -%}
        cast(coalesce(sum(case when {{ condition }} then {{ amount }} end), 0) as bigint)
    {%- else -%}
        cast(coalesce(sum({{ amount }}), 0) as bigint)
    {%- endif -%}
{%- endmacro %}

{% macro count_if(condition) -%}
    cast(count(case when {{ condition }} then 1 end) as bigint)
{%- endmacro %}
