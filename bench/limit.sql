-- The least that a warehouse must do with what landed: one row per appointment and one per payment, with its refunds,
-- invoices and settlement line. No history, no reconciliation, no checks.
create table fct_appointment as
with folded as (
    select
        stream_id,
        arg_max(event_type, seq) as last_event,
        arg_max(branch_id, seq) as branch_id,
        arg_max(patient_key, seq) as patient_key,
        arg_max(practitioner_id, seq) filter (practitioner_id is not null) as practitioner_id,
        arg_max(coalesce(to_start_at, start_at), seq)
            filter (coalesce(to_start_at, start_at) is not null) as start_at,
        max(price_quoted_paise) as price_quoted_paise,
        sum(forfeit_paise) as forfeit_paise,
        count(*) filter (event_type = 'AppointmentRescheduled') as reschedules,
        min(occurred_at) as booked_at
    from read_parquet('$landed/appointment/*.parquet')
    group by stream_id
),

encounters as (
    select
        'appointment-' || any_value(appointment_id) as appointment,
        min(started_at) as started_at,
        max(duration_seconds) as duration_seconds
    from read_parquet('$landed/encounter/*.parquet')
    group by stream_id
)

select folded.*, encounters.started_at, encounters.duration_seconds
from folded
left join encounters on folded.stream_id = encounters.appointment;

create table fct_payment as
with folded as (
    select
        stream_id,
        any_value(branch_id) as branch_id,
        any_value(gateway_payment_id) as gateway_payment_id,
        any_value(rrn) as rrn,
        min(captured_at) as captured_at,
        sum(amount_paise) filter (event_type = 'PaymentCaptured') as captured_paise,
        sum(amount_paise) filter (event_type = 'PaymentAllocated') as allocated_paise,
        sum(amount_paise) filter (event_type = 'RefundProcessed') as refunded_paise,
        sum(amount_paise) filter (event_type = 'DepositForfeited') as forfeited_paise
    from read_parquet('$landed/payment/*.parquet')
    group by stream_id
),

settled as (
    select
        entity_id,
        sum(credit_paise) as credit_paise,
        sum(fee_excl_paise) as fee_excl_paise,
        any_value(settlement_utr) as settlement_utr
    from read_parquet('$landed/settlement_file/*.parquet')
    where event_type = 'SettlementLineRecorded' and entity_type = 'payment'
    group by entity_id
)

select folded.*, settled.credit_paise, settled.fee_excl_paise, settled.settlement_utr
from folded
left join settled on coalesce(folded.gateway_payment_id, folded.rrn) = settled.entity_id;

create table mart_settlement as
select
    branch_id,
    date_trunc('day', captured_at) as business_date,
    count(*) as payments,
    sum(captured_paise) as captured_paise,
    sum(credit_paise) as settled_paise,
    sum(fee_excl_paise) as fee_paise,
    sum(captured_paise) filter (credit_paise is null) as missing_paise
from fct_payment
group by branch_id, business_date;

create table mart_noshow as
select
    branch_id,
    practitioner_id,
    date_trunc('day', start_at) as business_date,
    count(*) as appointments,
    count(*) filter (last_event = 'AppointmentNoShow') as noshows
from fct_appointment
group by branch_id, practitioner_id, business_date;
