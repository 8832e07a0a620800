{{ config(database=target.database) }}

-- chasing a gateway settles nothing: it stands beside what does
with steps as (
    select
        tenant_id,
        recon_item_id as item_id,
        max(case when coalesce(resolution, '-') <> 'chase_gateway' then seq end) as settled_seq,
        max(case when resolution = 'chase_gateway' then seq end) as chased_seq,
        {{ seq_list('seq') }} as source_seqs
    from {{ ref('stg_recon_case') }}
    where event_type in ('ReconItemResolved', 'ReconItemReopened')
    group by tenant_id, recon_item_id
),

resolved as (
    select * from {{ ref('stg_recon_case') }}
    where event_type = 'ReconItemResolved'
)

select
    steps.tenant_id,
    steps.item_id,
    steps.settled_seq,
    settled.seq is not null as is_in_force,
    settled.item_hash,
    settled.resolution,
    settled.target_ref,
    settled.amount_paise,
    settled.note,
    settled.resolved_on,
    settled.occurred_at as resolved_at,
    settled.actor_id as resolved_by,
    settled.cosigned_by,
    steps.chased_seq,
    chased.resolved_on as chased_on,
    chased.actor_id as chased_by,
    chased.note as chased_note,
    steps.source_seqs
from steps
left join resolved as settled
    on steps.tenant_id = settled.tenant_id and steps.settled_seq = settled.seq
left join resolved as chased
    on steps.tenant_id = chased.tenant_id and steps.chased_seq = chased.seq
