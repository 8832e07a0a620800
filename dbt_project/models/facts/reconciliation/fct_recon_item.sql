-- a resolution holds while the item is what the person saw and no evidence has posted it
with said as (
    select
        findings.*,
        resolutions.is_in_force,
        resolutions.resolution,
        resolutions.target_ref,
        resolutions.amount_paise,
        resolutions.settled_seq,
        resolutions.resolved_on,
        resolutions.resolved_at,
        resolutions.resolved_by,
        resolutions.cosigned_by,
        resolutions.chased_on,
        resolutions.chased_seq,
        findings.evidence_status <> 'posted'
        and coalesce(resolutions.is_in_force and resolutions.item_hash = findings.item_hash, false)
        and resolutions.amount_paise <= findings.stake_paise as is_held
    from {{ ref('fct_recon_finding') }} as findings
    left join {{ ref('proj_recon_resolutions') }} as resolutions
        on findings.tenant_id = resolutions.tenant_id and findings.item_id = resolutions.item_id
),

-- a line and the item that it pays; the first links hold, as far as the item leaves something open
links as (
    select
        lines.tenant_id,
        lines.item_id,
        lines.amount_paise,
        lines.settled_seq,
        lines.resolved_on,
        lines.resolved_at,
        lines.resolved_by,
        lines.cosigned_by,
        others.item_id as other_id,
        others.stake_paise >= sum(lines.amount_paise) over (
            partition by lines.tenant_id, others.item_id order by lines.settled_seq
        ) as is_within
    from said as lines
    inner join said as others
        on lines.tenant_id = others.tenant_id and lines.target_ref = others.item_id
    where
        lines.is_held
        and lines.resolution = 'link'
        and others.evidence_status <> 'posted'
        and not others.is_held
        and (lines.kind = 'line') <> (others.kind = 'line')
),

linked as (
    select
        tenant_id,
        other_id,
        {{ sum_paise('amount_paise') }} as linked_paise,
        max(settled_seq) as link_seq,
        max(item_id) as linked_from,
        max(resolved_on) as resolved_on,
        max(resolved_at) as resolved_at,
        max(resolved_by) as resolved_by,
        max(cosigned_by) as cosigned_by
    from links
    where is_within
    group by tenant_id, other_id
),

laid as (
    select
        said.*,
        coalesce(linked.linked_paise, 0) as linked_paise,
        linked.link_seq,
        linked.linked_from,
        linked.resolved_on as linked_on,
        linked.resolved_at as linked_at,
        linked.resolved_by as linked_by,
        linked.cosigned_by as link_cosigned_by,
        case
            when said.is_held and said.resolution <> 'link' or links.is_within then 'applied'
            when linked.linked_paise is not null then 'linked'
            when said.is_in_force and said.evidence_status = 'posted' then 'superseded'
            when said.is_in_force then 'stale'
            when said.chased_seq > coalesce(said.settled_seq, 0) then 'chased'
            when not said.is_in_force then 'reopened'
        end as resolution_state
    from said
    left join links on said.tenant_id = links.tenant_id and said.item_id = links.item_id
    left join linked on said.tenant_id = linked.tenant_id and said.item_id = linked.other_id
),

judged as (
    select
        laid.*,
        case
            when resolution_state = 'applied' or (resolution_state = 'linked' and linked_paise = stake_paise)
                then 'resolved'
            else evidence_status
        end as status
    from laid
)

select
    {%- for column in recon_columns() %}
    judged.{{ column }},
    {%- endfor %}
    judged.near_ref,
    judged.near_by,
    judged.near_paise,
    judged.near_days,
    judged.status,
    judged.evidence_status,
    judged.stake_paise,
    judged.variance_paise,
    judged.status not in ('posted', 'resolved') as is_open,
    judged.status = 'mismatched'
    or (
        judged.status = 'expected'
        and judged.class in (
            'missing_settlement', 'batch_missing', 'deposit_missing', 'qr_missing', 'claim_missing'
        )
    ) as is_exception,
    case when judged.status in ('posted', 'resolved') then 0 else judged.stake_paise - judged.linked_paise end
        as open_paise,
    {{ days_between('judged.aged_from_on', 'tenants.as_of_date') }} as age_days,
    -- an item is open from the day that brought it until something posts or somebody resolves it
    case when judged.status not in ('posted', 'resolved') then judged.opened_on end as first_open_on,
    judged.item_hash,
    judged.resolution_state,
    case judged.resolution_state when 'linked' then 'link' else judged.resolution end as resolution,
    -- of the other item of a link stands what was said of the first
    {%- for column, own, lent in [
        ('resolution_target', 'target_ref', 'linked_from'), ('resolution_paise', 'amount_paise', 'linked_paise'),
        ('resolution_seq', 'settled_seq', 'link_seq'), ('resolved_on', 'resolved_on', 'linked_on'),
        ('resolved_at', 'resolved_at', 'linked_at'), ('resolved_by', 'resolved_by', 'linked_by'),
        ('cosigned_by', 'cosigned_by', 'link_cosigned_by'),
    ] %}
    case judged.resolution_state when 'linked' then judged.{{ lent }} else judged.{{ own }} end as {{ column }},
    {%- endfor %}
    judged.chased_on,
    tenants.as_of
from judged
inner join {{ ref('proj_tenants') }} as tenants on judged.tenant_id = tenants.tenant_id
