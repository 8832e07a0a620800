with defined as (
    select tenant_id, department_id, max(seq) as last_seq
    from {{ ref('stg_tenant') }}
    where event_type = 'DepartmentDefined'
    group by tenant_id, department_id
)

select defined.tenant_id, defined.department_id, events.name, events.branch_id, defined.last_seq
from defined
inner join {{ ref('stg_tenant') }} as events
    on defined.tenant_id = events.tenant_id and defined.last_seq = events.seq

union all

-- where departments are not kept, every branch has this one
select tenant_id, 'dep_opd' as department_id, 'Outpatients' as name, '-1' as branch_id, 0 as last_seq
from {{ ref('proj_tenants') }}

union all

select tenant_id, '-1' as department_id, 'unknown' as name, '-1' as branch_id, 0 as last_seq
from {{ ref('proj_tenants') }}
