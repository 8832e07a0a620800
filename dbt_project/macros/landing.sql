{#- The landed rows of this build's tenants: Parquet files on DuckDB, a loaded table elsewhere. -#}
{% macro landing(relation) -%}
    {{ adapter.dispatch('landing', 'mymedic')(relation) }}
{%- endmacro %}

{% macro duckdb__landing(relation) -%}
    {%- set tenants = var('tenants') or ['ten_*'] -%}
    {%- set folder = var('landing_dir') | replace("'", "''") -%}
    read_parquet([
        {%- for tenant in tenants -%}
            '{{ folder }}/{{ tenant }}/{{ relation.identifier }}/*.parquet'{{ ", " if not loop.last }}
        {%- endfor -%}
    ])
{%- endmacro %}

{% macro default__landing(relation) -%}
    {%- if var('tenants') -%}
        (select * from {{ relation }} where tenant_id in ('{{ var("tenants") | join("', '") }}')) as landed
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}
