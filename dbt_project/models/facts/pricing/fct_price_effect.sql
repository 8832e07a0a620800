with windows as (
    select
        tenant_id,
        price_change_id,
        {% for side, prefix in [('own', ''), ('control', 'control_')] -%}
        {% for half in ['before', 'after'] -%}
        {% set at = "side = '" ~ side ~ "' and half = '" ~ half ~ "'" -%}
        {{ sum_paise('bookings_n', at) }} as {{ prefix }}bookings_{{ half }}_n,
        {{ sum_paise('open_days_n', at) }} as {{ prefix }}open_days_{{ half }}_n,
        {% if side == 'own' -%}
        {{ sum_paise('price_sum_paise', at) }} as price_sum_{{ half }}_paise,
        {{ sum_paise('lines_n', at) }} as lines_{{ half }}_n,
        {{ sum_paise('discounted_lines_n', at) }} as discounted_lines_{{ half }}_n,
        {% endif -%}
        {% endfor -%}
        {% endfor -%}
        {{ sum_paise('booked_parts', "side = 'own' and half = 'after'") }} as fill_num,
        {{ sum_paise('232792560 * available_minutes', "side = 'own' and half = 'after'") }} as fill_den
    from {{ ref('fct_price_window') }}
    group by tenant_id, price_change_id
),

confounding as (
    select changes.tenant_id, changes.price_change_id, count(*) as others_n
    from {{ ref('fct_price_change') }} as changes
    inner join {{ ref('fct_price_change') }} as other
        on changes.tenant_id = other.tenant_id
        and changes.city_id = other.city_id
        and changes.service_id = other.service_id
        and changes.visit_type = other.visit_type
        and other.branch_id in ('-', changes.branch_id)
        and other.practitioner_id in ('-', changes.practitioner_id)
        and changes.price_change_id <> other.price_change_id
        and other.effective_on >= {{ add_days('changes.effective_on', -28) }}
        and other.effective_on < {{ add_days('changes.effective_on', 28) }}
    group by changes.tenant_id, changes.price_change_id
),

-- bookings per open day as fractions: (Q1·d0 − Q0·d1) / (Q1·d0 + Q0·d1) is half the relative change, P likewise
terms as (
    select
        changes.*,
        {% for name in ['bookings_before_n', 'bookings_after_n', 'open_days_before_n', 'open_days_after_n',
            'control_bookings_before_n', 'control_bookings_after_n', 'control_open_days_before_n',
            'control_open_days_after_n', 'price_sum_before_paise', 'price_sum_after_paise', 'fill_num', 'fill_den',
            'lines_before_n', 'lines_after_n', 'discounted_lines_before_n', 'discounted_lines_after_n'] -%}
        windows.{{ name }},
        {% endfor -%}
        windows.bookings_after_n * windows.open_days_before_n as q1,
        windows.bookings_before_n * windows.open_days_after_n as q0,
        windows.control_bookings_after_n * windows.control_open_days_before_n as c1,
        windows.control_bookings_before_n * windows.control_open_days_after_n as c0,
        windows.price_sum_after_paise * windows.bookings_before_n as p1,
        windows.price_sum_before_paise * windows.bookings_after_n as p0,
        windows.bookings_before_n < 30 or windows.bookings_after_n < 30 as is_low_n,
        confounding.others_n is not null as is_confounded,
        100 * windows.fill_num > 95 * windows.fill_den as is_capacity_bound,
        windows.control_bookings_before_n = 0 or windows.control_bookings_after_n = 0 as is_no_control,
        10 * windows.discounted_lines_before_n > windows.lines_before_n
        or 10 * windows.discounted_lines_after_n > windows.lines_after_n as is_promo
    from {{ ref('fct_price_change') }} as changes
    inner join windows
        on changes.tenant_id = windows.tenant_id and changes.price_change_id = windows.price_change_id
    left join confounding
        on changes.tenant_id = confounding.tenant_id and changes.price_change_id = confounding.price_change_id
),

measured as (
    select
        terms.*,
        q1 - q0 as quantity_num,
        q1 + q0 as quantity_den,
        q1 * c0 - q0 * c1 as quantity_did_num,
        q1 * c0 + q0 * c1 as quantity_did_den,
        p1 - p0 as price_num,
        p1 + p0 as price_den,
        is_low_n or is_confounded or is_capacity_bound or is_no_control or is_promo as is_flagged
    from terms
    -- a price that nobody paid, and one that was paid unchanged, say nothing
    where
        bookings_before_n + bookings_after_n > 0
        and (p1 <> p0 or bookings_before_n = 0 or bookings_after_n = 0)
)

select
    measured.*,
    {{ whole_division('2 * price_sum_after_paise * open_days_before_n + open_days_after_n',
        'nullif(2 * open_days_after_n, 0)') }} - price_sum_before_paise as revenue_effect_paise,
    -- one division of doubles: the products are wider than a bigint
    case
        when not is_low_n
            then cast(quantity_num as double precision) * price_den
                / nullif(cast(quantity_den as double precision) * price_num, 0)
    end as elasticity,
    case
        when not is_low_n and not is_no_control
            then cast(quantity_did_num as double precision) * price_den
                / nullif(cast(quantity_did_den as double precision) * price_num, 0)
    end as elasticity_did
from measured
