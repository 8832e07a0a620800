{#-
  A build writes into a database of its own that was empty before (pipelines/build.py), so a model is made under its own
  name at once. What dbt does for a database in use (look for an older relation, build beside it, rename twice, drop) was
  a third of the processor time of a small build.
-#}
{% materialization table, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {% call statement('main') -%}
        create or replace table {{ target }} as {{ compiled_code }}
    {%- endcall %}
    {{ keep_contract(target) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {%- set target = this.incorporate(type='view') -%}
    {% call statement('main') -%}
        create or replace view {{ target }} as {{ compiled_code }}
    {%- endcall %}
    {{ keep_contract(target) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- A model that says what its columns are has these and no others, of these types, or the build stops here. -#}
{% macro keep_contract(target) %}
    {% if config.get('contract').enforced %}
        {%- set promised = [] -%}
        {%- for name, column in model.columns.items() -%}
            {%- do promised.append(name ~ ' ' ~ (column.data_type or '?') | lower) -%}
        {%- endfor -%}
        {%- set found = [] -%}
        {#- the information schema would list every column of every table each time -#}
        {%- for row in run_query('describe ' ~ target) -%}
            {%- do found.append(row[0] ~ ' ' ~ row[1] | lower) -%}
        {%- endfor -%}
        {%- set missing = promised | reject('in', found) | list -%}
        {%- set unsaid = found | reject('in', promised) | list -%}
        {%- if missing or unsaid -%}
            {{ exceptions.raise_compiler_error(
                'the contract of ' ~ target.identifier ~ ' is not kept: it says ' ~ (missing | join(', ') or 'no more')
                ~ '; the query gives ' ~ (unsaid | join(', ') or 'no more')
            ) }}
        {%- endif -%}
    {% endif %}
{% endmacro %}
