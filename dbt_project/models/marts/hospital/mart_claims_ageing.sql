with aged as (
    select
        claims.*,
        tenants.as_of_date,
        {{ days_between('claims.submitted_on', 'tenants.as_of_date') }} as age_days
    from {{ ref('fct_claim') }} as claims
    inner join {{ ref('dim_tenant') }} as tenants on claims.tenant_id = tenants.tenant_id
    where claims.submitted_on is not null
),

placed as (
    select
        aged.*,
        case
            when age_days <= 2 then '0-2'
            when age_days <= 7 then '3-7'
            when age_days <= 15 then '8-15'
            when age_days <= 30 then '16-30'
            when age_days <= 60 then '31-60'
            else '60+'
        end as bucket
    from aged
)

select
    tenant_id,
    as_of_date,
    payer_id,
    branch_id,
    status as state,
    bucket,
    count(*) as n,
    {{ sum_paise('claimed_paise') }} as claimed_paise,
    {{ sum_paise('approved_paise') }} as approved_paise,
    {{ sum_paise('settled_gross_paise') }} as settled_gross_paise,
    {{ sum_paise('outstanding_paise') }} as outstanding_paise,
    cast(sum(open_queries_n) as bigint) as open_queries_n,
    max(last_seq) as last_seq
from placed
group by tenant_id, as_of_date, payer_id, branch_id, status, bucket
