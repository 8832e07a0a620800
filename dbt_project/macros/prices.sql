{#- Whether a price version is for a practitioner at a branch of a city; the given columns name who and where. -#}
{% macro price_applies(price, branch_id, city_id, practitioner_id) -%}
    (
        {{ price }}.scope_level = 'tenant'
        or ({{ price }}.scope_level = 'city' and {{ price }}.scope_city_id = {{ city_id }})
        or ({{ price }}.scope_level = 'branch' and {{ price }}.scope_branch_id = {{ branch_id }})
        or ({{ price }}.scope_level = 'practitioner' and {{ price }}.scope_practitioner_id = {{ practitioner_id }})
        or (
            {{ price }}.scope_level = 'practitioner_branch'
            and {{ price }}.scope_practitioner_id = {{ practitioner_id }}
            and {{ price }}.scope_branch_id = {{ branch_id }}
        )
    )
{%- endmacro %}

{#- Of the prices that apply, the one with the lowest rank holds: the narrowest scope, in it the visit type's own. -#}
{% macro price_rank(price) -%}
    case {{ price }}.scope_level
        when 'practitioner_branch' then 0
        when 'practitioner' then 2
        when 'branch' then 4
        when 'city' then 6
        else 8
    end
    + case when {{ price }}.visit_type = '-' then 1 else 0 end
{%- endmacro %}
