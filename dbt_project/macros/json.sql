{#- A JSON object as text: {key: SQL expression}; keys of `texts` hold text, the others numbers, booleans or JSON. -#}
{% macro json_object(members, texts=[]) -%}
    '{' {%- for key, expression in members.items() %}
    || '{{ "," if not loop.first }}"{{ key }}":' ||
    {%- if key in texts %} coalesce('"' || {{ expression }} || '"', 'null')
    {%- else %} coalesce(cast({{ expression }} as varchar), 'null') {%- endif -%}
    {%- endfor %} || '}'
{%- endmacro %}

{#- A whole number that a JSON object, given as text, has under a key; NULL without one. -#}
{% macro json_number(text, key) -%}
    {{ adapter.dispatch('json_number', 'mymedic')(text, key) }}
{%- endmacro %}

{% macro duckdb__json_number(text, key) -%}
    cast(json_extract_string({{ text }}, '$.{{ key }}') as bigint)
{%- endmacro %}

{% macro default__json_number(text, key) -%}
    cast(cast({{ text }} as json) ->> '{{ key }}' as bigint)
{%- endmacro %}
