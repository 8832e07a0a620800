{#- Every value of the column stands in another model, under the same tenant. -#}
{% test tenant_relationship(model, column_name, to, field) %}
select child.tenant_id, child.{{ column_name }}
from {{ model }} as child
left join (select distinct tenant_id, {{ field }} from {{ to }}) as parent
    on child.tenant_id = parent.tenant_id and child.{{ column_name }} = parent.{{ field }}
where child.{{ column_name }} is not null and parent.{{ field }} is null
{% endtest %}
