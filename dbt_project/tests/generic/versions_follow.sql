{#- Versions of a member neither overlap nor leave a gap, and exactly one is current. -#}
{% test versions_follow(model, key, may_end=false) %}
with versions as (
    select
        tenant_id,
        {{ key | join(', ') }},
        valid_from,
        valid_to,
        is_current,
        lead(valid_from) over (partition by tenant_id, {{ key | join(', ') }} order by valid_from) as next_from,
        count(case when is_current then 1 end) over (partition by tenant_id, {{ key | join(', ') }}) as current_count
    from {{ model }}
)

select *
from versions
where
    valid_from >= valid_to
    or (next_from is null and not is_current and not {{ may_end }})
    {%- if may_end %}
    or next_from < valid_to
    or current_count > 1
    {%- else %}
    or next_from <> valid_to
    or current_count <> 1
    {%- endif %}
{% endtest %}
