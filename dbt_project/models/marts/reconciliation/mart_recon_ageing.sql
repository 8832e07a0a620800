with aged as (
    select
        items.tenant_id,
        tenants.as_of_date,
        items.leg,
        items.class,
        items.branch_id,
        items.item_id,
        items.open_paise,
        -- what is not due yet is of no age
        case
            when items.age_days <= 2 then '0-2'
            when items.age_days <= 7 then '3-7'
            when items.age_days <= 15 then '8-15'
            when items.age_days <= 30 then '16-30'
            when items.age_days <= 60 then '31-60'
            else '60+'
        end as bucket
    from {{ ref('fct_recon_item') }} as items
    inner join {{ ref('dim_tenant') }} as tenants on items.tenant_id = tenants.tenant_id
    where items.is_open
)

select
    tenant_id,
    as_of_date,
    leg,
    class,
    branch_id,
    bucket,
    count(*) as n,
    {{ sum_paise('open_paise') }} as paise,
    {{ dbt.listagg('item_id', "','", 'order by item_id') }} as evidence_ids
from aged
group by tenant_id, as_of_date, leg, class, branch_id, bucket
