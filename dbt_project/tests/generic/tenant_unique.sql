{#- The grain: tenant and columns identify a row, and none of them is NULL. -#}
{% test tenant_unique(model, columns) %}
{%- set grain = ['tenant_id'] + columns %}
select {{ grain | join(', ') }}, count(*) as copies
from {{ model }}
group by {{ grain | join(', ') }}
having
    count(*) > 1
    {% for column in grain %}or {{ column }} is null
    {% endfor %}
{% endtest %}
