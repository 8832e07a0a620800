with bills as (
    select
        tenant_id,
        bill_id,
        any_value(source_system) as source_system,
        any_value(bill_ref) as bill_ref,
        arg_min(patient_key, source_seq) as patient_key,
        arg_min(branch_id, source_seq) as branch_id,
        arg_min(city_id, source_seq) as city_id,
        any_value(currency) as currency,
        min(business_date) as business_date,
        count(*) as lines_n,
        count(*) filter (where kind = 'charge') as charges_n,
        cast(coalesce(sum(amount_paise) filter (where kind = 'charge'), 0) as bigint) as charged_paise,
        cast(coalesce(sum(amount_paise) filter (where kind = 'transfer_in'), 0) as bigint) as transferred_in_paise,
        cast(coalesce(sum(amount_paise) filter (where kind = 'transfer_out'), 0) as bigint) as transferred_out_paise,
        cast(coalesce(sum(amount_paise) filter (where kind = 'adjustment'), 0) as bigint) as adjusted_paise,
        cast(sum(asked_paise) as bigint) as asked_paise,
        cast(sum(paid_paise) as bigint) as paid_paise,
        min(source_seq) as first_seq,
        max(source_seq) as last_seq
    from {{ ref('fct_imported_billing') }}
    group by tenant_id, bill_id
)

select
    tenant_id,
    bill_id,
    source_system,
    bill_ref,
    patient_key,
    branch_id,
    city_id,
    currency,
    business_date,
    lines_n,
    charges_n,
    charged_paise,
    transferred_in_paise,
    transferred_out_paise,
    adjusted_paise,
    asked_paise,
    paid_paise,
    -- without its charge nobody can say what a bill asks for
    case when charges_n > 0 then greatest(paid_paise - asked_paise, 0) else 0 end as over_collected_paise,
    case when charges_n > 0 then greatest(asked_paise - paid_paise, 0) else 0 end as outstanding_paise,
    case when charges_n = 0 then paid_paise - asked_paise else 0 end as without_charge_paise,
    first_seq,
    last_seq
from bills
