{#-
  On DuckDB a build has two databases (profiles.yml): the target's own, which is published as it is, and `workings`.
  Other engines keep everything in one.
-#}
{% macro generate_database_name(custom_database_name=none, node=none) -%}
    {%- if custom_database_name and target.type == 'duckdb' -%} {{ custom_database_name }}
    {%- else -%} {{ target.database }} {%- endif -%}
{%- endmacro %}
