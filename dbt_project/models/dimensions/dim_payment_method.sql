select distinct
    {{ surrogate_key(['tenant_id', 'mode', 'channel', "coalesce(gateway, '-')"]) }} as payment_method_sk,
    tenant_id,
    mode,
    channel,
    coalesce(gateway, '-') as gateway
from {{ ref('proj_payments_summary') }}
