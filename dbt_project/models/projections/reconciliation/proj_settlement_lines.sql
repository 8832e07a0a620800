{{ config(materialized='ephemeral') }}

with recorded as (
    select * from {{ ref('stg_settlement_file') }}
    where event_type = 'SettlementLineRecorded'
)

select
    recorded.tenant_id,
    recorded.line_id,
    recorded.seq,
    recorded.recorded_at,
    case when substr(recorded.gateway, 1, 3) = 'pos' then 'L3' else 'L1' end as leg,
    recorded.gateway,
    recorded.settlement_id,
    recorded.settlement_utr,
    recorded.entity_type,
    recorded.entity_id,
    recorded.order_id,
    recorded.dispute_id,
    recorded.method,
    recorded.card_network,
    recorded.card_type,
    recorded.amount_paise,
    recorded.fee_excl_paise,
    recorded.tax_paise,
    recorded.credit_paise,
    recorded.debit_paise,
    -- a held line is news, not money: it takes part in nothing that adds up
    (recorded.settled and not recorded.on_hold) as is_settled,
    recorded.created_at,
    recorded.settled_at,
    {{ business_date('recorded.created_at', 'tenants.utc_offset_minutes') }} as created_on,
    {{ business_date('coalesce(recorded.settled_at, recorded.created_at)', 'tenants.utc_offset_minutes') }}
        as settled_on,
    {{ business_date('recorded.recorded_at', 'tenants.utc_offset_minutes') }} as recorded_on,
    recorded.description,
    -- what the line speaks of; a transfer speaks of nothing we know
    case recorded.entity_type when 'adjustment' then 'dispute' when 'transfer' then null else recorded.entity_type end
        as match_kind,
    case when substr(recorded.gateway, 1, 3) = 'pos' then 'pos' else recorded.gateway end as match_gateway,
    case recorded.entity_type
        when 'adjustment' then recorded.dispute_id when 'transfer' then null else recorded.entity_id
    end as match_key
from recorded
inner join {{ ref('proj_tenants') }} as tenants on recorded.tenant_id = tenants.tenant_id
