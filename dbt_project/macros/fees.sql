{#- Division of whole numbers, rounded down; both must be non-negative. -#}
{% macro whole_division(numerator, denominator) -%}
    {{ adapter.dispatch('whole_division', 'mymedic')(numerator, denominator) }}
{%- endmacro %}

{% macro duckdb__whole_division(numerator, denominator) -%}
    (({{ numerator }}) // ({{ denominator }}))
{%- endmacro %}

{% macro default__whole_division(numerator, denominator) -%}
    cast((({{ numerator }}) - mod({{ numerator }}, {{ denominator }})) / ({{ denominator }}) as bigint)
{%- endmacro %}

{#- amount * bps / 10000 rounded half up (DOMAIN §0). -#}
{% macro share_bps(amount, bps) -%}
    {{ whole_division('2 * ' ~ amount ~ ' * ' ~ bps ~ ' + 10000', '20000') }}
{%- endmacro %}

{#- A signed amount over a positive whole, rounded half away from zero; NULL of nothing. -#}
{% macro rounded_division(amount, whole) -%}
    case
        when {{ whole }} = 0 then null
        when {{ amount }} < 0 then -{{ whole_division('-2 * (' ~ amount ~ ') + ' ~ whole, '2 * ' ~ whole) }}
        else {{ whole_division('2 * (' ~ amount ~ ') + ' ~ whole, '2 * ' ~ whole) }}
    end
{%- endmacro %}

{#- What a gateway should charge for an amount by a row of dim_gateway_contract (DOMAIN §6.3), in paise without tax. -#}
{% macro gateway_fee(amount, contract) -%}
    least(
        greatest(
            {{ share_bps(
                amount,
                'case when ' ~ amount ~ ' <= ' ~ contract ~ '.reduced_upto_paise then ' ~ contract ~ '.reduced_bps else '
                ~ contract ~ '.fee_bps end'
            ) }} + {{ contract }}.fixed_paise,
            {{ contract }}.min_paise
        ),
        {{ contract }}.max_paise
    )
{%- endmacro %}

{#- GST on a fee: none on a small card payment. -#}
{% macro gateway_fee_tax(amount, fee, mode, contract) -%}
    case
        when {{ mode }} = 'card' and {{ amount }} <= {{ contract }}.gst_exempt_upto_paise then 0
        else {{ share_bps(fee, contract ~ '.gst_bps') }}
    end
{%- endmacro %}
