select
    appointments.tenant_id,
    appointments.appointment_id,
    appointments.final_status,
    appointments.patient_key,
    appointments.specialty_id,
    appointments.slot_id,
    appointments.closed_at as released_at,
    appointments.closed_seq as released_seq,
    appointments.price_quoted_paise,
    -- a later booking needed this token only if the slot was full without it
    coalesce(moves.free_before <= 0, false) as is_displaceable,
    appointments.last_seq
from {{ ref('fct_appointment') }} as appointments
left join {{ ref('proj_slot_moves') }} as moves
    on appointments.tenant_id = moves.tenant_id
    and appointments.slot_id = moves.slot_id
    and appointments.closed_seq = moves.source_seq
where
    appointments.final_status in ('cancelled', 'noshow')
    and not appointments.is_hold_expired
    and appointments.price_quoted_paise > 0
