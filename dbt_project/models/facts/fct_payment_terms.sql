with payments as (
    select
        payments.tenant_id,
        payments.payment_id,
        payments.mode,
        payments.channel,
        payments.business_date,
        payments.captured_paise - payments.reversed_paise as kept_paise,
        case when payments.channel = 'pos' then 'pos' else payments.gateway end as contract_gateway,
        case when payments.mode = 'card' then coalesce(payments.card_type, 'credit') else '-' end as contract_card,
        {{ local_time('payments.captured_at', 'tenants.utc_offset_minutes') }} as captured_local
    from {{ ref('proj_payments_summary') }} as payments
    inner join {{ ref('proj_tenants') }} as tenants on payments.tenant_id = tenants.tenant_id
    where payments.captured_seq is not null and payments.channel <> 'drawer'
),

-- the gateway's own contract before the default, the card's own row before the one for all cards
offers as (
    select
        payments.tenant_id,
        payments.payment_id,
        contracts.contract_sk,
        row_number() over (
            partition by payments.tenant_id, payments.payment_id
            order by
                case when contracts.is_default then 1 else 0 end,
                case when contracts.gateway = '*' then 1 else 0 end,
                case when contracts.card_type = payments.contract_card then 0 else 1 end,
                contracts.contract_sk
        ) as choice
    from payments
    inner join {{ ref('dim_gateway_contract') }} as contracts
        on payments.tenant_id = contracts.tenant_id
        and payments.mode = contracts.mode
        and payments.business_date >= contracts.valid_from
        and payments.business_date < contracts.valid_to
        and (
            payments.contract_gateway = contracts.gateway
            or (contracts.gateway = '*' and payments.channel = 'gateway')
        )
        and (payments.contract_card = contracts.card_type or contracts.card_type = '-')
    where payments.channel in ('gateway', 'pos')
),

terms as (
    select
        payments.*,
        contracts.contract_sk,
        {{ gateway_fee('payments.kept_paise', 'contracts') }} as expected_fee_paise,
        contracts.gst_bps,
        contracts.gst_exempt_upto_paise,
        case
            when payments.channel in ('static_qr', 'direct_bank') then settings.settle_days_static_qr
            when not contracts.is_default then contracts.settle_days
            when payments.channel = 'pos' then settings.settle_days_pos
            else settings.settle_days_gateway
        end as settle_days,
        settings.recon_grace_days,
        case
            when cast(payments.captured_local as time) >= cast(contracts.cutoff_time as time)
                then {{ add_days('payments.business_date', '1') }}
            else payments.business_date
        end as taken_on
    from payments
    inner join {{ ref('proj_tenant_settings') }} as settings
        on payments.tenant_id = settings.tenant_id
        and payments.business_date >= settings.valid_from
        and payments.business_date < settings.valid_to
    left join offers
        on payments.tenant_id = offers.tenant_id and payments.payment_id = offers.payment_id and offers.choice = 1
    left join {{ ref('dim_gateway_contract') }} as contracts
        on offers.tenant_id = contracts.tenant_id and offers.contract_sk = contracts.contract_sk
),

due as (
    select terms.*, {{ bank_day_after('terms.taken_on', 'terms.settle_days', 'due_days') }} as due_on
    from terms
    {{ join_bank_day_after('terms', 'taken_on', 'settle_days', 'taken', 'due_days') }}
)

select
    due.tenant_id,
    due.payment_id,
    case when due.channel in ('gateway', 'pos') then coalesce(due.contract_sk, '-1') end as contract_sk,
    due.expected_fee_paise,
    {{ gateway_fee_tax('due.kept_paise', 'due.expected_fee_paise', 'due.mode', 'due') }} as expected_tax_paise,
    due.settle_days,
    due.taken_on,
    due.due_on,
    {{ bank_day_after('due.due_on', 'due.recon_grace_days', 'grace_days') }} as overdue_after_on
from due
{{ join_bank_day_after('due', 'due_on', 'recon_grace_days', 'due_day', 'grace_days') }}
