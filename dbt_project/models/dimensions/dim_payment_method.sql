select distinct
    {{ surrogate_key(['tenant_id', 'mode', 'channel', "coalesce(gateway, '-')"]) }} as payment_method_sk,
    tenant_id,
    mode,
    channel,
    coalesce(gateway, '-') as gateway
from {{ ref('proj_payments_summary') }}

union all

select '-1' as payment_method_sk, tenant_id, 'unknown' as mode, 'unknown' as channel, '-' as gateway
from {{ ref('proj_tenants') }}
