{#- Whether a row had been recorded by the build's `as_of`; without `as_of` everything counts. -#}
{% macro is_known(recorded_at) -%}
    {%- if var('as_of') -%} {{ recorded_at }} <= {{ instant(var('as_of')) }} {%- else -%} true {%- endif -%}
{%- endmacro %}

{#- The build's `as_of`, or another expression when none is given. -#}
{% macro as_of_or(expression) -%}
    {%- if var('as_of') -%} {{ instant(var('as_of')) }} {%- else -%} {{ expression }} {%- endif -%}
{%- endmacro %}

{% macro instant(text) -%} cast('{{ text }}' as timestamp with time zone) {%- endmacro %}
