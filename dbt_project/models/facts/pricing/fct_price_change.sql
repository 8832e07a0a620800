-- whose price is looked at: every city, and the branches and practitioners that have prices of their own
with cities as (
    select distinct tenant_id, city_id from {{ ref('dim_branch') }} where branch_id <> '-1'
),

branches as (
    select tenant_id, branch_id, city_id from {{ ref('dim_branch') }} where branch_id <> '-1' and is_current
),

places as (
    select distinct tenant_id, aggregate_id as practitioner_id, branch_id from {{ ref('stg_practitioner__roles') }}
),

scopes as (
    select distinct tenant_id, scope_level, scope_branch_id, scope_practitioner_id from {{ ref('dim_price') }}
),

units as (
    select tenant_id, 'city' as level, city_id, '-' as branch_id, '-' as practitioner_id from cities

    union all

    select branches.tenant_id, 'branch' as level, branches.city_id, branches.branch_id, '-' as practitioner_id
    from branches
    inner join scopes
        on branches.tenant_id = scopes.tenant_id
        and branches.branch_id = scopes.scope_branch_id
        and scopes.scope_level = 'branch'

    union all

    select distinct
        branches.tenant_id, 'practitioner' as level, branches.city_id, branches.branch_id, places.practitioner_id
    from branches
    inner join places on branches.tenant_id = places.tenant_id and branches.branch_id = places.branch_id
    inner join scopes
        on places.tenant_id = scopes.tenant_id
        and places.practitioner_id = scopes.scope_practitioner_id
        and coalesce(scopes.scope_branch_id, places.branch_id) = places.branch_id
),

visit_types as (
    select 'new' as visit_type
    union all
    select 'follow_up'
    union all
    select 'procedure'
    union all
    select 'tele'
),

-- every price that can hold for a unit; the narrowest scope wins, then the one for the visit type (DOMAIN §2.6)
candidates as (
    select
        units.*,
        prices.service_id,
        visit_types.visit_type,
        units.level || '/' || units.city_id || '/' || units.branch_id || '/' || units.practitioner_id || '/'
        || prices.service_id || '/' || visit_types.visit_type as unit_key,
        prices.scope_level,
        prices.price_version_id,
        prices.amount_paise,
        prices.set_seq,
        prices.valid_from,
        prices.valid_to,
        2 * case prices.scope_level
            when 'practitioner_branch' then 1
            when 'practitioner' then 2
            when 'branch' then 3
            when 'city' then 4
            else 5
        end - case when prices.visit_type = '-' then 0 else 1 end as precedence
    from units
    inner join {{ ref('dim_price') }} as prices
        on units.tenant_id = prices.tenant_id
        and coalesce(prices.scope_city_id, units.city_id) = units.city_id
        and coalesce(prices.scope_branch_id, units.branch_id) = units.branch_id
        and coalesce(prices.scope_practitioner_id, units.practitioner_id) = units.practitioner_id
    cross join visit_types
    where prices.visit_type in ('-', visit_types.visit_type)
),

instants as (
    select tenant_id, unit_key, valid_from as changed_at from candidates
    union
    select tenant_id, unit_key, valid_to as changed_at from candidates where valid_to < {{ end_of_time() }}
),

ranked as (
    select
        candidates.*,
        instants.changed_at,
        row_number() over (
            partition by instants.tenant_id, instants.unit_key, instants.changed_at
            order by candidates.precedence, candidates.price_version_id
        ) as place
    from instants
    inner join candidates
        on instants.tenant_id = candidates.tenant_id
        and instants.unit_key = candidates.unit_key
        and instants.changed_at >= candidates.valid_from
        and instants.changed_at < candidates.valid_to
),

-- the price in force from each instant on, beside the one before it; a time without any price is passed over
followed as (
    select
        ranked.*,
        lag(price_version_id) over (partition by tenant_id, unit_key order by changed_at) as old_price_version_id,
        lag(amount_paise) over (partition by tenant_id, unit_key order by changed_at) as old_amount_paise,
        lag(scope_level) over (partition by tenant_id, unit_key order by changed_at) as old_scope_level
    from ranked
    where place = 1
)

select
    followed.tenant_id,
    {{ surrogate_key(['followed.tenant_id', 'followed.unit_key', epoch_seconds('followed.changed_at')]) }}
        as price_change_id,
    followed.level,
    followed.city_id,
    followed.branch_id,
    followed.practitioner_id,
    services.specialty_id,
    followed.service_id,
    followed.visit_type,
    followed.changed_at as effective_from,
    {{ business_date('followed.changed_at', 'tenants.utc_offset_minutes') }} as effective_on,
    tenants.as_of_date,
    followed.old_price_version_id,
    followed.price_version_id as new_price_version_id,
    followed.old_amount_paise as p_old_paise,
    followed.amount_paise as p_new_paise,
    followed.set_seq as source_seq
from followed
inner join {{ ref('proj_tenants') }} as tenants on followed.tenant_id = tenants.tenant_id
inner join {{ ref('dim_service') }} as services
    on followed.tenant_id = services.tenant_id and followed.service_id = services.service_id
where
    followed.old_amount_paise <> followed.amount_paise
    -- a narrower unit's own changes only: what its city does is the city's
    and (
        followed.level = 'city'
        or (followed.level = 'branch' and 'branch' in (followed.scope_level, followed.old_scope_level))
        or (
            followed.level = 'practitioner'
            and (followed.scope_level like 'practitioner%' or followed.old_scope_level like 'practitioner%')
        )
    )
