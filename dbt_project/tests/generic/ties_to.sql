{#- A total of this model equals a total of another, per tenant: nothing is lost or counted twice on the way. -#}
{% test ties_to(model, total, to, to_total, where="true", to_where="true") %}
with here as (
    select tenant_id, {{ total }} as total from {{ model }} where {{ where }} group by tenant_id
),

there as (
    select tenant_id, {{ to_total }} as total from {{ to }} where {{ to_where }} group by tenant_id
)

select
    coalesce(here.tenant_id, there.tenant_id) as tenant_id,
    here.total as total_here,
    there.total as total_there
from here
full outer join there on here.tenant_id = there.tenant_id
where coalesce(here.total, 0) <> coalesce(there.total, 0)
{% endtest %}
