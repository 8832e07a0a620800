with roles as (
    select
        versions.tenant_id,
        versions.practitioner_id,
        roles.branch_id,
        coalesce(roles.department_id, 'dep_opd') as department_id,
        roles.share_bps,
        greatest(roles.from_on, {{ business_date('versions.valid_from', 'tenants.utc_offset_minutes') }}) as from_on,
        least(
            coalesce(roles.to_on, cast('9999-12-31' as date)),
            {{ business_date('versions.valid_to', 'tenants.utc_offset_minutes') }}
        ) as to_on,
        roles.seq,
        roles.ordinal,
        versions.last_seq
    from {{ ref('proj_practitioner_versions') }} as versions
    inner join {{ ref('stg_practitioner__roles') }} as roles
        on versions.tenant_id = roles.tenant_id and versions.roles_seq = roles.seq
    inner join {{ ref('proj_tenants') }} as tenants on versions.tenant_id = tenants.tenant_id
),

-- of two roles at one branch the one that began later counts, of two that began together the one named first
followed as (
    select
        roles.*,
        lead(from_on) over (
            partition by tenant_id, practitioner_id, branch_id order by from_on, seq, -ordinal, last_seq
        ) as next_from_on
    from roles
    where from_on < to_on
)

select
    tenant_id,
    practitioner_id,
    branch_id,
    department_id,
    share_bps,
    from_on,
    least(to_on, coalesce(next_from_on, to_on)) as to_on,
    last_seq
from followed
where from_on < coalesce(next_from_on, to_on)
