{#- This row's part of a non-negative amount split over the rows of `key` by weight: largest remainder, ties to the
    lowest ordinal (DOMAIN §0). `whole` is the sum of the weights. -#}
{% macro split_part(amount, weight, whole, key, ordinal) -%}
    {%- set floor = whole_division(amount ~ ' * ' ~ weight, whole) -%}
    {{ floor }} + case
        when
            row_number() over (
                partition by {{ key }} order by mod({{ amount }} * {{ weight }}, {{ whole }}) desc, {{ ordinal }}
            ) <= {{ amount }} - sum({{ floor }}) over (partition by {{ key }})
            then 1
        else 0
    end
{%- endmacro %}
