-- When evidence is due and after which day it is overdue, for everything whose days fct_payment_terms does not count.
with refunds as (
    select
        refunds.tenant_id,
        refunds.item_id,
        refunds.business_date,
        case
            when
                refunds.leg <> 'L5'
                and cast({{ local_time('refunds.occurred_at', 'tenants.utc_offset_minutes') }} as time)
                >= cast(contracts.cutoff_time as time)
                then {{ add_days('refunds.business_date', '1') }}
            else refunds.business_date
        end as taken_on,
        case when refunds.leg <> 'L5' then payments.settle_days end as contract_days
    from {{ ref('proj_recon_expectations') }} as refunds
    inner join {{ ref('proj_tenants') }} as tenants on refunds.tenant_id = tenants.tenant_id
    inner join {{ ref('fct_payment') }} as payments
        on refunds.tenant_id = payments.tenant_id and refunds.payment_id = payments.payment_id
    left join {{ ref('dim_gateway_contract') }} as contracts
        on payments.tenant_id = contracts.tenant_id and payments.contract_sk = contracts.contract_sk
    where refunds.kind = 'refund'
),

awaited as (
    select tenant_id, item_id, business_date, taken_on, 'refund' as kind, contract_days from refunds
    union all
    select tenant_id, item_id, settled_on, settled_on, 'batch', 0 from {{ ref('proj_settlement_batches') }}
    union all
    select tenant_id, item_id, deposited_on, deposited_on, 'deposit', null from {{ ref('proj_cash_deposits') }}
    union all
    select tenant_id, item_id, min(paid_on), min(paid_on), 'claim', 0
    from {{ ref('fct_claim_settlement') }}
    group by tenant_id, item_id
),

terms as (
    select
        awaited.tenant_id,
        awaited.item_id,
        -- payers' days are counted by the calendar, the bank's only from there on
        case awaited.kind
            when 'claim' then {{ add_days('awaited.taken_on', 'settings.settle_days_insurer') }}
            else awaited.taken_on
        end as taken_on,
        case
            when awaited.contract_days is not null then awaited.contract_days
            when awaited.kind = 'deposit' then settings.settle_days_cash_deposit
            else settings.settle_days_static_qr
        end as settle_days,
        settings.recon_grace_days
    from awaited
    left join {{ ref('proj_tenant_settings') }} as settings
        on awaited.tenant_id = settings.tenant_id
        and awaited.business_date >= settings.valid_from
        and awaited.business_date < settings.valid_to
),

due as (
    select terms.*, {{ bank_day_after('terms.taken_on', 'terms.settle_days', 'due_days') }} as due_on
    from terms
    {{ join_bank_day_after('terms', 'taken_on', 'settle_days', 'taken', 'due_days') }}
)

select
    due.tenant_id,
    due.item_id,
    due.due_on,
    {{ bank_day_after('due.due_on', 'due.recon_grace_days', 'grace_days') }} as overdue_after_on
from due
{{ join_bank_day_after('due', 'due_on', 'recon_grace_days', 'due_day', 'grace_days') }}
