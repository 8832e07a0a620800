with payments as (
    select * from {{ ref('proj_payments_summary') }}
    where captured_seq is not null
),

claims as (
    select
        tenant_id,
        case channel when 'gateway' then 'L1' when 'pos' then 'L3' else 'L5' end as leg,
        case when channel in ('gateway', 'pos') then 'payment' else 'qr' end as kind,
        payment_id as left_ref,
        payment_id,
        channel,
        mode,
        case channel
            when 'gateway' then gateway_payment_id
            when 'pos' then coalesce(rrn, terminal_id || ':' || auth_code)
            else upper(rrn)
        end as match_key,
        captured_at as occurred_at,
        captured_paise - reversed_paise as left_paise,
        case when reversed_paise > 0 then 'reversed' else 'captured' end as state,
        captured_seq as left_seq
    from payments
    where channel <> 'drawer'

    union all

    -- cash refunds are not here: the drawer's count is their evidence
    select
        refunds.tenant_id,
        case
            when refunds.destination = 'bank_transfer' then 'L5'
            when payments.channel = 'gateway' then 'L1'
            when payments.channel = 'pos' then 'L3'
            else 'L5'
        end as leg,
        'refund' as kind,
        refunds.refund_id as left_ref,
        refunds.payment_id,
        -- where the money leaves, which is where its evidence will be
        case when refunds.destination = 'bank_transfer' then 'direct_bank' else payments.channel end as channel,
        case when refunds.destination = 'bank_transfer' then 'bank_transfer' else payments.mode end as mode,
        case
            when refunds.destination <> 'bank_transfer' and payments.channel = 'gateway' then refunds.gateway_refund_id
            when refunds.destination <> 'bank_transfer' and payments.channel = 'pos'
                then coalesce(refunds.arn_or_rrn, refunds.gateway_refund_id)
            else coalesce(upper(refunds.arn_or_rrn), refunds.gateway_refund_id)
        end as match_key,
        refunds.processed_at as occurred_at,
        refunds.amount_paise as left_paise,
        coalesce(refunds.speed, 'normal') as state,
        refunds.processed_seq as left_seq
    from {{ ref('proj_refunds') }} as refunds
    inner join payments on refunds.tenant_id = payments.tenant_id and refunds.payment_id = payments.payment_id
    where refunds.processed_seq is not null and refunds.destination <> 'cash'

    union all

    select
        disputes.tenant_id,
        case payments.channel when 'pos' then 'L3' else 'L1' end as leg,
        'dispute' as kind,
        disputes.dispute_id as left_ref,
        disputes.payment_id,
        payments.channel,
        payments.mode,
        disputes.gateway_dispute_id as match_key,
        disputes.opened_at as occurred_at,
        case disputes.state
            when 'open' then disputes.amount_paise when 'lost' then disputes.amount_deducted_paise else 0
        end as left_paise,
        disputes.state,
        disputes.first_seq as left_seq
    from {{ ref('proj_disputes') }} as disputes
    inner join payments on disputes.tenant_id = payments.tenant_id and disputes.payment_id = payments.payment_id
),

placed as (
    select
        claims.*,
        claims.leg || ':' || claims.kind || ':' || claims.left_ref as item_id,
        case payments.channel when 'gateway' then payments.gateway else payments.channel end as gateway,
        case claims.leg
            -- a dispute may be told of money that came through no gateway
            when 'L1' then coalesce(payments.gateway, payments.channel) when 'L3' then 'pos' else 'bank'
        end as match_gateway
    from claims
    inner join payments on claims.tenant_id = payments.tenant_id and claims.payment_id = payments.payment_id
)

select
    placed.*,
    {{ business_date('placed.occurred_at', 'tenants.utc_offset_minutes') }} as business_date,
    {{ business_date('events.recorded_at', 'tenants.utc_offset_minutes') }} as recorded_on
from placed
inner join {{ ref('proj_tenants') }} as tenants on placed.tenant_id = tenants.tenant_id
inner join {{ ref('stg_payment') }} as events on placed.tenant_id = events.tenant_id and placed.left_seq = events.seq
