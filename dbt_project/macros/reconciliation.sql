{#- Columns of a recon item, each with what stands in it where a leg has no such thing. -#}
{% macro recon_columns() -%}
    {%- set text, day, money = 'cast(null as varchar)', 'cast(null as date)', 'cast(0 as bigint)' -%}
    {{- return({
        'tenant_id': none,
        'item_id': none,
        'leg': none,
        'kind': none,
        'class': none,
        'left_ref': text,
        'right_ref': text,
        'branch_id': "'-1'",
        'payment_id': text,
        'appointment_id': text,
        'gateway': text,
        'channel': none,
        'mode': text,
        'business_date': none,
        'due_on': day,
        'overdue_after_on': day,
        'left_paise': money,
        'right_paise': none,
        'matched_paise': money,
        'excess_paise': none,
        'fee_charged_paise': money,
        'fee_expected_paise': money,
        'tax_charged_paise': money,
        'tax_expected_paise': money,
        'fee_variance_paise': money,
        'settlement_id': text,
        'utr': text,
        'proposed_ref': text,
        'rule_missed': none,
        'opened_on': none,
        'aged_from_on': none,
        'source_seqs': none,
    }) -}}
{%- endmacro %}

{#- The rows of one leg in the columns of all. -#}
{% macro recon_rows(relation, absent) -%}
    select
        {%- for column, default in recon_columns().items() %}
        {% if column in absent %}{{ default }} as {% endif %}{{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ relation }}
{%- endmacro %}

{#- The seqs behind an aggregated row: `12,15,40`. -#}
{% macro seq_list(seq) -%}
    {{ dbt.listagg('cast(' ~ seq ~ ' as varchar)', "','", 'order by ' ~ seq) }}
{%- endmacro %}

{#- Two lists of seqs as one; either may be NULL. -#}
{% macro joined_seqs(first, second) -%}
    coalesce({{ first }} || ',' || {{ second }}, {{ first }}, {{ second }})
{%- endmacro %}

{#- A digest that changes when any of the columns does. -#}
{% macro row_hash(columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%} {%- do parts.append("coalesce(cast(" ~ column ~ " as varchar), '')") -%} {%- endfor -%}
    {{ dbt.hash(parts | join(" || '|' || ")) }}
{%- endmacro %}

{#- Basis points of a signed amount, rounded half away from zero; NULL of nothing. -#}
{% macro signed_bps(amount, whole) -%}
    case
        when {{ whole }} = 0 then null
        when {{ amount }} < 0
            then -{{ whole_division('20000 * -(' ~ amount ~ ') + abs(' ~ whole ~ ')', '2 * abs(' ~ whole ~ ')') }}
        else {{ whole_division('20000 * ' ~ amount ~ ' + abs(' ~ whole ~ ')', '2 * abs(' ~ whole ~ ')') }}
    end
{%- endmacro %}

{#- Of so many waiting items at most are sums looked at: 2 to the power of it sets for one credit. -#}
{% macro lump_items() -%} 10 {%- endmacro %}

{#- Of two days around a day the nearer one, the earlier if both are as near; either may be NULL. -#}
{% macro nearer_day(before, on, after) -%}
    case
        when {{ after }} is null or {{ days_between(before, on) }} <= {{ days_between(on, after) }} then {{ before }}
        else {{ after }}
    end
{%- endmacro %}
