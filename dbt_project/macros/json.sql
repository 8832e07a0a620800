{#- A JSON object as text: {key: SQL expression}; keys of `texts` hold text, the others numbers, booleans or JSON. -#}
{% macro json_object(members, texts=[]) -%}
    '{' {%- for key, expression in members.items() %}
    || '{{ "," if not loop.first }}"{{ key }}":' ||
    {%- if key in texts %} coalesce('"' || {{ expression }} || '"', 'null')
    {%- else %} coalesce(cast({{ expression }} as varchar), 'null') {%- endif -%}
    {%- endfor %} || '}'
{%- endmacro %}
