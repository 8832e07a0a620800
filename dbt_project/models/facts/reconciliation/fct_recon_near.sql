-- What comes nearest to an item that found no evidence, or to a line that nothing expects. It is told and never booked.
with expected as (
    select
        tenant_id,
        item_id,
        leg || ' ' || gateway || ' ' || kind as pool,
        business_date as due_on,
        left_paise as amount_paise,
        class in ('in_transit', 'missing_settlement') as is_waiting
    from {{ ref('fct_recon_gateway') }}
    {%- for model, word in [('payout', 'batch'), ('deposit', 'deposit'), ('bank', 'qr'), ('claim', 'claim')] %}
    union all
    {%- set day = 'business_date' if word == 'claim' else 'due_on' %}
    select tenant_id, item_id, leg, {{ day }}, left_paise, class in ('{{ word }}_in_transit', '{{ word }}_missing')
    from {{ ref('fct_recon_' ~ model) }}
    where kind = '{{ word }}'
    {%- endfor %}
),

waiting as (select * from expected where is_waiting),

lone as (
    select
        tenant_id,
        item_id,
        leg || ' ' || case leg when 'L3' then 'pos' else gateway end || ' ' || entity_type as pool,
        created_on as due_on,
        amount_paise,
        gateway,
        case entity_type when 'payment' then order_id end as order_id,
        cast(null as varchar) as rrn,
        cast(null as varchar) as utr,
        cast(null as varchar) as deposit_slip_no
    from {{ ref('fct_settlement_line') }}
    where outcome = 'orphan_settlement'
    union all
    select
        tenant_id, item_id, substr(item_id, 1, 2), value_on, credit_paise, null, null, rrn, utr, deposit_slip_no
    from {{ ref('fct_bank_line') }}
    where substr(item_id, 3, 6) = ':line:'
),

-- a reference that both know was not enough: another id, another kind of sender, another account
shared as (
    select lone.tenant_id, lone.item_id as line_id, 'L1:payment:' || payments.payment_id as item_id
    from lone
    inner join {{ ref('proj_payments_summary') }} as payments
        on lone.tenant_id = payments.tenant_id
        and lone.gateway = payments.gateway
        and lone.order_id = payments.order_id
    where payments.channel = 'gateway' and payments.captured_seq is not null
    union all
    {%- for reference in ['rrn', 'utr'] %}
    select lone.tenant_id, lone.item_id, keys.item_id
    from lone
    inner join {{ ref('proj_recon_keys') }} as keys
        on lone.tenant_id = keys.tenant_id and lone.{{ reference }} = keys.match_key
    where keys.leg = 'L5' and keys.kind = 'qr'
    union all
    {%- endfor %}
    select lone.tenant_id, lone.item_id, slips.item_id
    from lone
    inner join {{ ref('proj_cash_deposits') }} as slips
        on lone.tenant_id = slips.tenant_id and lone.deposit_slip_no = slips.deposit_slip_no
),

by_reference as (
    select
        shared.tenant_id,
        shared.line_id,
        shared.item_id,
        expected.is_waiting,
        lone.amount_paise - expected.amount_paise as near_paise,
        {{ days_between('expected.due_on', 'lone.due_on') }} as near_days
    from shared
    inner join lone on shared.tenant_id = lone.tenant_id and shared.line_id = lone.item_id
    inner join expected on shared.tenant_id = expected.tenant_id and shared.item_id = expected.item_id
),

-- one amount on one day: the first line and the first item of it stand for all
days as (
    select tenant_id, pool, amount_paise, due_on, min(line_id) as line_id, min(item_id) as item_id
    from (
        select tenant_id, pool, amount_paise, due_on, item_id as line_id, null as item_id from lone
        union all
        select tenant_id, pool, amount_paise, due_on, null, item_id from waiting
    ) as both_sides
    group by tenant_id, pool, amount_paise, due_on
),

-- windows and no join of everything with everything: a fee that all pay makes one amount of a thousand items
{% set alike = 'partition by tenant_id, pool, amount_paise order by due_on rows between' -%}
around as (
    select
        days.*,
        max(case when line_id is not null then due_on end) over (
            {{ alike }} unbounded preceding and current row
        ) as line_before_on,
        min(case when line_id is not null then due_on end) over (
            {{ alike }} current row and unbounded following
        ) as line_after_on,
        max(case when item_id is not null then due_on end) over (
            {{ alike }} unbounded preceding and current row
        ) as item_before_on,
        min(case when item_id is not null then due_on end) over (
            {{ alike }} current row and unbounded following
        ) as item_after_on
    from days
),

found as (
    {%- for side, own, other, sign in [('lone', 'line', 'item', ''), ('waiting', 'item', 'line', '-')] %}
    select
        tenant_id, {{ own }}_id as item_id, {{ other }}_id as near_ref, 'reference' as near_by, near_paise, near_days
    from by_reference
    where {{ 'is_waiting' if own == 'item' else 'true' }}
    union all
    select
        own.tenant_id, own.item_id, there.{{ other }}_id, 'amount', 0,
        {{ sign }}{{ days_between('there.due_on', 'own.due_on') }}
    from {{ side }} as own
    inner join around
        on own.tenant_id = around.tenant_id
        and own.pool = around.pool
        and own.amount_paise = around.amount_paise
        and own.due_on = around.due_on
    inner join days as there
        on around.tenant_id = there.tenant_id
        and around.pool = there.pool
        and around.amount_paise = there.amount_paise
        and there.due_on
        = {{ nearer_day('around.' ~ other ~ '_before_on', 'around.due_on', 'around.' ~ other ~ '_after_on') }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

ranked as (
    select
        found.*,
        row_number() over (
            partition by tenant_id, item_id
            order by case near_by when 'reference' then 1 else 2 end, abs(near_paise), abs(near_days), near_ref
        ) as place
    from found
)

select tenant_id, item_id, near_ref, near_by, near_paise, near_days
from ranked
where place = 1
