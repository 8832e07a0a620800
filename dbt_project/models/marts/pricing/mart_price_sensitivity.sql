-- What became of bookings when a price changed (DOMAIN §5.3, B7): an association, no proof of a cause.
{% set sums = ['bookings_before_n', 'bookings_after_n', 'open_days_before_n', 'open_days_after_n',
    'control_bookings_before_n', 'control_bookings_after_n', 'control_open_days_before_n', 'control_open_days_after_n',
    'price_sum_before_paise', 'price_sum_after_paise', 'lines_before_n', 'lines_after_n', 'discounted_lines_before_n',
    'discounted_lines_after_n', 'fill_num', 'fill_den', 'revenue_effect_paise', 'weight_n'] -%}
{% set terms = ['quantity_num', 'quantity_den', 'quantity_did_num', 'quantity_did_den', 'price_num', 'price_den'] -%}
{% set flags = ['is_low_n', 'is_confounded', 'is_capacity_bound', 'is_no_control', 'is_promo', 'is_flagged'] -%}
with weighed as (
    select
        effects.*,
        1 as changes_n,
        case
            when is_flagged or elasticity is null then 0 else bookings_before_n + bookings_after_n
        end as weight_n
    from {{ ref('fct_price_effect') }} as effects
),

changes as (
    select
        weighed.*,
        case when weight_n > 0 then weight_n * elasticity end as elasticity_sum,
        case when weight_n > 0 then weight_n * elasticity_did end as elasticity_did_sum
    from weighed
),

-- a specialty in a city: the changes that nothing else explains, each by how many bookings it rests on
specialties as (
    select
        tenant_id,
        city_id,
        specialty_id,
        {% for name in sums -%}
        {{ sum_paise(name, 'not is_flagged') }} as {{ name }},
        {% endfor -%}
        {{ count_if('not is_flagged') }} as changes_n,
        {% for name in flags -%}
        min(case when {{ name }} then 1 else 0 end) = 1 as {{ name }},
        {% endfor -%}
        sum(elasticity_sum order by price_change_id) as elasticity_sum,
        sum(elasticity_did_sum order by price_change_id) as elasticity_did_sum
    from changes
    where level = 'city'
    group by tenant_id, city_id, specialty_id
)

{% set common = sums + flags + ['changes_n', 'elasticity_sum', 'elasticity_did_sum'] -%}
select
    tenant_id,
    level,
    city_id,
    branch_id,
    practitioner_id,
    specialty_id,
    service_id,
    visit_type,
    price_change_id,
    effective_from,
    effective_on,
    p_old_paise,
    p_new_paise,
    source_seq,
    {{ terms | join(', ') }},
    {{ common | join(', ') }},
    elasticity,
    elasticity_did
from changes

union all

select
    tenant_id,
    'city_specialty' as level,
    city_id,
    '-' as branch_id,
    '-' as practitioner_id,
    specialty_id,
    '-' as service_id,
    '-' as visit_type,
    '-' as price_change_id,
    null as effective_from,
    null as effective_on,
    null as p_old_paise,
    null as p_new_paise,
    null as source_seq,
    {% for name in terms -%}
    null as {{ name }},
    {% endfor -%}
    {{ common | join(', ') }},
    elasticity_sum / nullif(weight_n, 0) as elasticity,
    elasticity_did_sum / nullif(weight_n, 0) as elasticity_did
from specialties
