with forfeited as (
    select *
    from {{ ref('stg_payment') }}
    where event_type = 'DepositForfeited'
),

reversed as (
    select
        tenant_id,
        payment_id,
        forfeit_id,
        {{ sum_paise('amount_paise') }} as amount_paise,
        {{ sum_paise('gst_paise') }} as gst_paise,
        max(occurred_at) as reversed_at,
        max(seq) as seq
    from {{ ref('stg_payment') }}
    where event_type = 'DepositForfeitReversed'
    group by tenant_id, payment_id, forfeit_id
)

select
    forfeited.tenant_id,
    forfeited.forfeit_id,
    forfeited.payment_id,
    forfeited.appointment_id,
    forfeited.branch_id,
    forfeited.basis,
    forfeited.policy_version_id,
    forfeited.occurred_at as forfeited_at,
    forfeited.amount_paise,
    forfeited.gst_paise,
    reversed.reversed_at,
    coalesce(reversed.amount_paise, 0) as reversed_paise,
    coalesce(reversed.gst_paise, 0) as reversed_gst_paise,
    forfeited.seq as first_seq,
    coalesce(reversed.seq, forfeited.seq) as last_seq
from forfeited
left join reversed
    on forfeited.tenant_id = reversed.tenant_id
    and forfeited.payment_id = reversed.payment_id
    and forfeited.forfeit_id = reversed.forfeit_id
