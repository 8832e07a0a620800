select
    tenant_id, retention_class, retain_until, branch_id,
    coalesce(patient_key, '-1') as patient_key,
    coalesce(admission_id, '-1') as admission_id,
    coalesce(claim_id, '-1') as claim_id,
    count(*) as events_n,
    max(seq) as last_seq
from {{ ref('proj_retention_ledger') }}
group by tenant_id, retention_class, retain_until, branch_id, patient_key, admission_id, claim_id
