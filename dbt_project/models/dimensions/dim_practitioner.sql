with roles as (
    select
        tenant_id,
        seq,
        {{ dbt.listagg('branch_id', "','", 'order by ordinal') }} as branch_ids,
        min(share_bps) as share_bps
    from {{ ref('stg_practitioner__roles') }}
    group by tenant_id, seq
),

-- practitioners that only an imported history names, and the unknown one
imputed as (
    select tenant_id, practitioner_id, max(first_seq) as last_seq
    from {{ ref('proj_appointments') }}
    where is_imported and practitioner_id <> '-1'
    group by tenant_id, practitioner_id

    union all

    select tenant_id, '-1' as practitioner_id, 0 as last_seq from {{ ref('proj_tenants') }}
),

members as (
    select
        tenant_id, practitioner_id, name, specialty_id, roles_seq, is_active, false as is_imputed, valid_from,
        valid_to, last_seq
    from {{ ref('proj_practitioner_versions') }}

    union all

    select
        imputed.tenant_id,
        imputed.practitioner_id,
        case when imputed.practitioner_id = '-1' then 'unknown' else imputed.practitioner_id end as name,
        '-1' as specialty_id,
        cast(null as bigint) as roles_seq,
        true as is_active,
        imputed.practitioner_id <> '-1' as is_imputed,
        {{ start_of_time() }} as valid_from,
        {{ end_of_time() }} as valid_to,
        imputed.last_seq
    from imputed
    left join {{ ref('proj_practitioner_versions') }} as versions
        on imputed.tenant_id = versions.tenant_id and imputed.practitioner_id = versions.practitioner_id
    where versions.practitioner_id is null
)

select
    {{ surrogate_key(['members.tenant_id', 'practitioner_id', epoch_seconds('valid_from')]) }} as practitioner_sk,
    members.tenant_id,
    members.practitioner_id,
    members.name,
    members.specialty_id,
    roles.branch_ids,
    roles.share_bps,
    members.is_active,
    members.is_imputed,
    members.valid_from,
    members.valid_to,
    members.last_seq,
    members.valid_to = {{ end_of_time() }} as is_current
from members
left join roles on members.tenant_id = roles.tenant_id and members.roles_seq = roles.seq
