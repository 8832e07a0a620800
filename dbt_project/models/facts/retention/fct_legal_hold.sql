select
    placed.tenant_id, placed.hold_id, placed.scope,
    case placed.scope
        when 'patient' then coalesce(aliases.survivor_key, placed.patient_key)
        when 'admission' then placed.admission_id
        when 'claim' then placed.claim_id
        else placed.tenant_id
    end as held_id,
    placed.occurred_at as placed_at,
    released.occurred_at as released_at,
    greatest(placed.seq, coalesce(released.seq, 0)) as last_seq
from {{ ref('stg_data_subject') }} as placed
left join {{ ref('stg_data_subject') }} as released
    on
    placed.tenant_id = released.tenant_id and placed.hold_id = released.hold_id
    and released.event_type = 'LegalHoldReleased'
left join {{ ref('proj_patient_aliases') }} as aliases
    on placed.tenant_id = aliases.tenant_id and placed.patient_key = aliases.patient_key
where placed.event_type = 'LegalHoldPlaced'
