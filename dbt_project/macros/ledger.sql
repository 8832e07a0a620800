{#- The legs of one family of postings: each row of it by the rules of its posting. `measures` are its amounts. -#}
{% macro ledger_legs(relation, measures, service_kind="'-'") -%}
    select
        moved.tenant_id,
        moved.source_seq,
        moved.posting,
        moved.branch_id,
        rules.account,
        rules.side,
        case rules.measure
            {%- for measure in measures %}
            when '{{ measure }}' then moved.{{ measure }}_paise
            {%- endfor %}
        end as amount_paise,
        {{ service_kind }} as service_kind,
        moved.business_date,
        moved.occurred_at,
        moved.recorded_at,
        moved.source_ref
    from {{ relation }} as moved
    inner join {{ ref('proj_ledger_postings') }} as rules
        on moved.tenant_id = rules.tenant_id and moved.posting = rules.posting
{%- endmacro %}
