select
    tenant_id,
    payer_id,
    max_by(name, seq) as name,
    max_by(kind, seq) as kind,
    max_by(nhcx_participant_code, seq) as nhcx_participant_code,
    max_by(tds_bps, seq) as tds_bps,
    max(seq) as last_seq
from {{ ref('stg_tenant') }}
where event_type = 'PayerRegistered'
group by tenant_id, payer_id

union all

select
    tenant_id, '-1' as payer_id, 'unknown' as name, 'unknown' as kind, null as nhcx_participant_code, 0 as tds_bps,
    0 as last_seq
from {{ ref('proj_tenants') }}
