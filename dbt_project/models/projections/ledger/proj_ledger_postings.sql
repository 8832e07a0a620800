-- the same rules for every tenant; each row carries its tenant so that nothing is ever joined without one
select
    tenants.tenant_id,
    rules.posting,
    rules.side,
    rules.account,
    rules.measure
from {{ ref('ledger_postings') }} as rules
cross join {{ ref('proj_tenants') }} as tenants
