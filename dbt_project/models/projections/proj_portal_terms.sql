{{ config(database=target.database) }}

{% set share = share_bps('priced.price_paise', 'deposits.bps') -%}
with prices as (
    select
        tenant_id, service_id, scope_level, city_id as scope_city_id, branch_id as scope_branch_id,
        practitioner_id as scope_practitioner_id, visit_type, amount_paise, effective_from,
        coalesce(effective_to, {{ end_of_time() }}) as effective_to, last_seq
    from {{ ref('proj_price_catalog') }}
),

deposits as (
    select
        versions.*, bodies.body_mode as mode, bodies.body_fixed_paise as fixed_paise, bodies.body_bps as bps,
        bodies.body_min_paise as min_paise, coalesce(bodies.body_max_paise, 100000000000000) as max_paise,
        coalesce(bodies.body_channels, '[]') in ('[]', '') or position('"portal"' in bodies.body_channels) > 0
            as is_for_portal,
        case versions.scope_level when 'branch' then 0 when 'city' then 1 else 2 end as breadth
    from {{ ref('proj_policy_versions') }} as versions
    inner join {{ ref('stg_policy') }} as bodies
        on versions.tenant_id = bodies.tenant_id and versions.published_seq = bodies.seq
    where versions.kind = 'deposit'
),

visit_types as (
    select 'new' as visit_type

    union all

    select 'follow_up' as visit_type

    union all

    select 'procedure' as visit_type

    union all

    select 'tele' as visit_type
),

placed as (
    select edges.*, visit_types.visit_type
    from {{ ref('proj_portal_term_edges') }} as edges
    cross join visit_types
),

priced as (
    select
        placed.*,
        prices.amount_paise as price_paise,
        prices.last_seq as price_seq,
        row_number() over (
            partition by
                placed.tenant_id, placed.schedule_id, placed.service_id, placed.visit_type, placed.from_at
            order by {{ price_rank('prices') }}
        ) as price_number
    from placed
    left join prices
        on placed.tenant_id = prices.tenant_id
        and placed.service_id = prices.service_id
        and prices.visit_type in (placed.visit_type, '-')
        and placed.from_at >= prices.effective_from
        and placed.from_at < prices.effective_to
        and {{ price_applies('prices', 'placed.branch_id', 'placed.city_id', 'placed.practitioner_id') }}
),

termed as (
    select
        priced.*,
        deposits.last_seq as deposit_seq,
        case
            when priced.price_paise is null then null
            when coalesce(deposits.mode, 'none') = 'none' or not deposits.is_for_portal then 0
            when deposits.mode = 'fixed'
                then least(priced.price_paise, deposits.max_paise, greatest(deposits.min_paise, deposits.fixed_paise))
            else least(priced.price_paise, deposits.max_paise, greatest(deposits.min_paise, {{ share }}))
        end as deposit_paise,
        row_number() over (
            partition by
                priced.tenant_id, priced.schedule_id, priced.service_id, priced.visit_type, priced.from_at
            order by deposits.breadth nulls last
        ) as deposit_number
    from priced
    left join deposits
        on priced.tenant_id = deposits.tenant_id
        and priced.from_at >= deposits.valid_from
        and priced.from_at < deposits.valid_to
        and (
            deposits.scope_level = 'tenant'
            or priced.branch_id = deposits.scope_branch_id
            or priced.city_id = deposits.scope_city_id
        )
    where priced.price_number = 1
),

followed as (
    select
        termed.*,
        row_number() over earlier as number,
        lag(price_paise) over earlier as earlier_price_paise,
        lag(deposit_paise) over earlier as earlier_deposit_paise
    from termed
    where deposit_number = 1
    window earlier as (partition by tenant_id, schedule_id, service_id, visit_type order by from_at)
)

select
    tenant_id,
    schedule_id,
    service_id,
    visit_type,
    from_at,
    branch_id,
    practitioner_id,
    price_paise,
    cast(deposit_paise as bigint) as deposit_paise,
    greatest(coalesce(price_seq, 0), coalesce(deposit_seq, 0)) as last_seq
from followed
where
    number = 1
    or price_paise is distinct from earlier_price_paise
    or deposit_paise is distinct from earlier_deposit_paise
