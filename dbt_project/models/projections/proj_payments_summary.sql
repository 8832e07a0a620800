{{ config(database=target.database) }}

with marks as (
    select
        tenant_id,
        payment_id,
        max(case when event_type = 'PaymentInitiated' then seq end) as initiated_seq,
        max(case when event_type = 'PaymentCaptured' then seq end) as captured_seq,
        -- what a capture says stands above what was asked for
        coalesce(
            max(case when event_type = 'PaymentCaptured' then seq end),
            max(case when event_type = 'PaymentInitiated' then seq end)
        ) as origin_seq,
        max(case
            when
                event_type in (
                    'PaymentInitiated', 'PaymentAuthorized', 'PaymentCaptured', 'PaymentFailed', 'PaymentExpired'
                )
                then seq
        end) as progress_seq,
        max(gateway_payment_id) as gateway_payment_id,
        max(order_id) as order_id,
        max(case when event_type = 'PaymentFailed' then decline_type end) as failure_decline_type,
        min(seq) as first_seq,
        max(seq) as last_seq
    from {{ ref('stg_payment') }}
    group by tenant_id, payment_id
)

select
    marks.tenant_id,
    marks.payment_id,
    origin.patient_key,
    origin.branch_id,
    cities.city_id,
    origin.appointment_id,
    origin.invoice_id,
    origin.admission_id,
    origin.purpose,
    origin.mode,
    origin.channel,
    origin.gateway,
    origin.card_type,
    case
        when totals.captured_paise = 0 and progress.event_type = 'PaymentFailed' then 'failed'
        when totals.captured_paise = 0 and progress.event_type = 'PaymentExpired' then 'expired'
        when totals.captured_paise = 0 and progress.event_type = 'PaymentAuthorized' then 'authorized'
        when totals.captured_paise = 0 then 'initiated'
        when totals.reversed_paise > 0 then 'reversed'
        when totals.dispute_open_paise > 0 then 'disputed'
        when totals.disputes_lost_count > 0 then 'charged_back'
        when totals.refunded_paise >= totals.captured_paise then 'refunded'
        when totals.refunded_paise > 0 then 'partially_refunded'
        else 'captured'
    end as state,
    initiated.occurred_at as initiated_at,
    case when marks.captured_seq is not null then origin.captured_at end as captured_at,
    {{ business_date('origin.captured_at', 'tenants.utc_offset_minutes') }} as business_date,
    totals.initiated_paise,
    totals.captured_paise,
    totals.allocated_paise,
    totals.refund_requested_paise,
    totals.refunded_paise,
    totals.forfeited_paise,
    totals.reversed_paise,
    totals.dispute_open_paise,
    totals.dispute_lost_paise,
    totals.dispute_uncovered_paise,
    totals.captured_paise - totals.allocated_paise - totals.refund_requested_paise - totals.refunded_paise
    - totals.forfeited_paise - totals.reversed_paise - totals.dispute_lost_paise as available_paise,
    marks.gateway_payment_id,
    marks.order_id,
    origin.rrn,
    origin.auth_code,
    origin.terminal_id,
    origin.cash_session_id,
    marks.failure_decline_type,
    coalesce(origin.late_capture, false) as is_late_capture,
    origin.source as capture_source,
    marks.first_seq,
    marks.captured_seq,
    marks.last_seq
from marks
inner join {{ ref('proj_payment_totals') }} as totals
    on marks.tenant_id = totals.tenant_id and marks.payment_id = totals.payment_id
inner join {{ ref('proj_tenants') }} as tenants on marks.tenant_id = tenants.tenant_id
inner join {{ ref('stg_payment') }} as origin
    on marks.tenant_id = origin.tenant_id and marks.origin_seq = origin.seq
inner join {{ ref('stg_payment') }} as progress
    on marks.tenant_id = progress.tenant_id and marks.progress_seq = progress.seq
left join {{ ref('stg_payment') }} as initiated
    on marks.tenant_id = initiated.tenant_id and marks.initiated_seq = initiated.seq
left join {{ ref('proj_branch_cities') }} as cities
    on marks.tenant_id = cities.tenant_id
    and origin.branch_id = cities.branch_id
    and coalesce({{ business_date('origin.captured_at', 'tenants.utc_offset_minutes') }}, cast('9999-12-30' as date))
    >= cities.from_on
    and coalesce({{ business_date('origin.captured_at', 'tenants.utc_offset_minutes') }}, cast('9999-12-30' as date))
    < cities.to_on
