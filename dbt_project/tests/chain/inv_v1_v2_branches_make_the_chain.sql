-- INV-V1: numerators and denominators of the branches add up to the chain's. INV-V2: weighed by their denominators the
-- variances add up to nothing, exactly, because it is asked in whole numbers.
select tenant_id, period_kind, period_start_on, metric
from {{ ref('mart_chain_variance') }}
group by tenant_id, period_kind, period_start_on, metric
having
    sum(branch_num) <> max(chain_num)
    or sum(branch_den) <> max(chain_den)
    or sum(cast(branch_num as hugeint) * chain_den - cast(branch_den as hugeint) * chain_num) <> 0
