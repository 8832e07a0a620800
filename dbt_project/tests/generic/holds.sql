{#- A statement about a row that must be true of every row; NULL counts as false. -#}
{% test holds(model, statement) %}
select *
from {{ model }}
where not coalesce({{ statement }}, false)
{% endtest %}
