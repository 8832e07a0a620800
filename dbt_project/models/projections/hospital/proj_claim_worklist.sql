with queries as (
    select
        tenant_id,
        claim_id,
        count(*) as query_count,
        {{ count_if('is_open') }} as open_queries_n,
        min(case when is_open then due_at end) as query_due_at,
        -- the last answer of a stage lets the decision go on, also when an odd query came before
        {{ count_if("is_open and stage = 'preauth'") }} > 0
        and {{ count_if("is_holding_up and stage = 'preauth'") }} > 0 as is_preauth_queried,
        {{ count_if("is_open and stage = 'claim'") }} > 0
        and {{ count_if("is_holding_up and stage = 'claim'") }} > 0 as is_claim_queried
    from {{ ref('proj_claim_queries') }}
    group by tenant_id, claim_id
),

placed as (
    select
        claims.*,
        coalesce(preauths.requested_paise, 0) as requested_paise,
        coalesce(queries.query_count, 0) as query_count,
        coalesce(queries.open_queries_n, 0) as open_queries_n,
        queries.query_due_at,
        claims.claimed_paise - claims.approved_paise - claims.disallowed_paise as under_adjudication_paise,
        case
            when claims.closed_at is not null then 'closed'
            when claims.cancelled_at is not null then 'cancelled'
            when claims.submitted_at is null
                then
                    case
                        when preauths.status like '%_submitted' and queries.is_preauth_queried then 'preauth_queried'
                        when preauths.status is not null then preauths.status
                        when claims.is_checked then 'eligibility_checked'
                        else 'draft'
                    end
            when claims.claimed_paise > claims.approved_paise + claims.disallowed_paise
                then
                    case
                        when queries.is_claim_queried then 'claim_queried'
                        when claims.reprocesses_n > 0 then 'reprocess_requested'
                        else 'claim_submitted'
                    end
            when claims.approved_paise = 0 then 'rejected'
            when claims.settlements_n > 0 and claims.settled_gross_paise >= claims.approved_paise then 'settled'
            when claims.settlements_n > 0 then 'partially_settled'
            when claims.disallowed_paise > 0 then 'partially_approved'
            else 'approved'
        end as status
    from {{ ref('proj_claim_totals') }} as claims
    left join {{ ref('proj_preauths') }} as preauths
        on claims.tenant_id = preauths.tenant_id and claims.claim_id = preauths.claim_id
    left join queries on claims.tenant_id = queries.tenant_id and claims.claim_id = queries.claim_id
)

select
    tenant_id,
    claim_id,
    patient_key,
    payer_id,
    branch_id,
    admission_id,
    invoice_id,
    coverage_id,
    preauth_ref,
    status,
    requested_paise,
    preauth_paise,
    claimed_paise,
    copay_paise,
    approved_paise,
    disallowed_paise,
    under_adjudication_paise,
    settled_gross_paise,
    tds_paise,
    other_deduction_paise,
    net_paise,
    -- nobody waits for the rest of a claim that is over; what came too much stays too much
    case
        when status = 'cancelled' then least(-settled_gross_paise, 0)
        when status = 'closed' then least(approved_paise - settled_gross_paise, 0)
        else approved_paise - settled_gross_paise
    end as outstanding_paise,
    treatment,
    residual_paise,
    query_count,
    open_queries_n,
    query_due_at,
    submitted_at,
    adjudicated_at,
    settled_at,
    closed_at,
    cancelled_at,
    first_seq,
    last_seq
from placed
