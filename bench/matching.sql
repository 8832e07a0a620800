-- Payments and the rows that settle them, with a share of everything that can happen to one; told by number.
-- Of each hundred: 85, 86 have no row but a stranger's, 87 is short, 88 over, 89 overcharged, 90, 91 come in two rows,
-- 92 comes twice, 93 is held; the others have the row that they should have. One in ten was taken at a terminal.
create temp table numbers as
select
    n,
    n % 100 as fate,
    n % 10 = 4 as is_terminal,
    10000 + n * 7919 % 50000 * 100 as amount_paise,
    date_trunc('day', captured_at) + to_seconds(n * 5184000 // $items) as taken_at
from range($items) as numbers (n)
cross join (select min(captured_at) as captured_at from '$landed/payment/*.parquet');

copy (
    select
        template.* replace (
            10000000 + n as seq, 'evt_' || n as event_id, 'payment-pay_bench' || n as stream_id, 1 as stream_version,
            'pay_bench' || n as payment_id, null as appointment_id, null as invoice_id, 'full' as purpose,
            numbers.amount_paise as amount_paise, 'upi' as mode, null as card_type,
            case when is_terminal then 'pos' else 'gateway' end as channel,
            case when not is_terminal then 'razorpay' end as gateway,
            case when not is_terminal then 'order_' || n end as order_id,
            case when not is_terminal then 'pay_G' || n end as gateway_payment_id,
            case when is_terminal then cast(600000000000 + n as varchar) end as rrn,
            taken_at as captured_at, taken_at as occurred_at, taken_at as recorded_at
        )
    from numbers
    cross join (
        select * from '$landed/payment/*.parquet'
        where event_type = 'PaymentCaptured' and channel = 'gateway' order by seq limit 1
    ) as template
) to '$landed/payment/bench.parquet' (format parquet);

copy (
    select
        template.* replace (
            20000000 + row_number() over (order by n, nth) as seq, 'evt_s' || n || '_' || nth as event_id,
            'sfile-bench' as stream_id, 'sline_' || n || '_' || nth as line_id,
            case when is_terminal then 'pos_hdfc' else 'razorpay' end as gateway,
            case
                when fate in (85, 86) then 'stranger_' || n
                when is_terminal then cast(600000000000 + n as varchar)
                else 'pay_G' || n
            end as entity_id,
            'payment' as entity_type, null as order_id, null as dispute_id, 'upi' as method, null as card_type,
            paid_paise as amount_paise, case fate when 89 then 100 else 0 end as fee_excl_paise, 0 as tax_paise,
            paid_paise - case fate when 89 then 100 else 0 end as credit_paise, 0 as debit_paise,
            fate = 93 as on_hold, fate <> 93 as settled,
            case when fate <> 93 then 'setl_' || strftime(paid_at, '%Y%m%d') || nth || is_terminal end as settlement_id,
            case when fate <> 93 then 'UTR' || strftime(paid_at, '%Y%m%d') || nth || is_terminal end as settlement_utr,
            taken_at as created_at, case when fate <> 93 then paid_at end as settled_at, paid_at as occurred_at,
            paid_at as recorded_at
        )
    from (
        select
            numbers.*,
            nth,
            date_trunc('day', taken_at) + to_days(cast(2 + nth as integer)) as paid_at,
            case
                when fate = 87 then amount_paise - 500
                when fate = 88 then amount_paise + 500
                when fate in (90, 91) and nth = 0 then amount_paise // 2
                when fate in (90, 91) then amount_paise - amount_paise // 2
                else amount_paise
            end as paid_paise
        from numbers
        cross join range(2) as parts (nth)
        where nth = 0 or fate in (90, 91, 92)
    ) as rows
    cross join (
        select * from '$landed/settlement_file/*.parquet'
        where event_type = 'SettlementLineRecorded' and entity_type = 'payment' order by seq limit 1
    ) as template
) to '$landed/settlement_file/bench.parquet' (format parquet);
