select
    tenants.tenant_id,
    accounts.account,
    accounts.account_name,
    accounts.kind
from {{ ref('ledger_accounts') }} as accounts
cross join {{ ref('proj_tenants') }} as tenants
