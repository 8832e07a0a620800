{{ config(database=target.database) }}

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

first_queries as (
    select
        tenant_id,
        claim_id,
        query_id,
        row_number() over (partition by tenant_id, claim_id order by due_at, query_id) as from_first
    from {{ ref('proj_claim_queries') }}
    where is_open
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
        end as state
    from {{ ref('proj_claim_totals') }} as claims
    left join {{ ref('proj_preauths') }} as preauths
        on claims.tenant_id = preauths.tenant_id and claims.claim_id = preauths.claim_id
    left join queries on claims.tenant_id = queries.tenant_id and claims.claim_id = queries.claim_id
)

select
    placed.tenant_id,
    placed.claim_id,
    placed.patient_key,
    placed.payer_id,
    placed.branch_id,
    cities.city_id,
    placed.admission_id,
    stays.practitioner_id,
    stays.department_id,
    practitioners.specialty_id,
    placed.invoice_id,
    placed.coverage_id,
    placed.preauth_ref,
    placed.state,
    placed.requested_paise,
    placed.preauth_paise,
    placed.claimed_paise,
    placed.copay_paise,
    placed.approved_paise,
    placed.disallowed_paise,
    placed.under_adjudication_paise,
    placed.settled_gross_paise,
    placed.tds_paise,
    placed.other_deduction_paise,
    placed.net_paise,
    -- nobody waits for the rest of a claim that is over; what came too much stays too much
    case
        when placed.state = 'cancelled' then least(-placed.settled_gross_paise, 0)
        when placed.state = 'closed' then least(placed.approved_paise - placed.settled_gross_paise, 0)
        else placed.approved_paise - placed.settled_gross_paise
    end as outstanding_paise,
    placed.treatment,
    placed.residual_paise,
    placed.query_count,
    placed.open_queries_n,
    first_queries.query_id as open_query_id,
    placed.query_due_at,
    placed.opened_at,
    placed.submitted_at,
    placed.adjudicated_at,
    placed.settled_at,
    placed.closed_at,
    placed.cancelled_at,
    case
        when placed.open_queries_n > 0 then 'answer_query'
        when placed.state = 'draft' then 'await_coverage'
        when placed.state = 'eligibility_checked' then 'submit_preauth'
        when placed.state in ('preauth_submitted', 'enhancement_submitted') then 'await_preauth'
        when placed.state = 'preauth_approved' then 'submit_claim'
        when placed.state in ('preauth_rejected', 'rejected') then 'review_rejection'
        when placed.state in ('claim_submitted', 'reprocess_requested') then 'await_decision'
        when placed.state in ('approved', 'partially_settled') then 'await_settlement'
        when placed.state = 'partially_approved' then 'review_disallowance'
        when placed.state = 'settled' then 'close'
        else 'none'
    end as next_action,
    placed.first_seq,
    placed.last_seq
from placed
left join first_queries
    on placed.tenant_id = first_queries.tenant_id
    and placed.claim_id = first_queries.claim_id
    and first_queries.from_first = 1
left join {{ ref('proj_branch_cities') }} as cities
    on placed.tenant_id = cities.tenant_id
    and placed.branch_id = cities.branch_id
    and cities.to_on = cast({{ end_of_time() }} as date)
left join {{ ref('proj_admissions') }} as stays
    on placed.tenant_id = stays.tenant_id and placed.admission_id = stays.admission_id
left join {{ ref('proj_practitioner_versions') }} as practitioners
    on stays.tenant_id = practitioners.tenant_id
    and stays.practitioner_id = practitioners.practitioner_id
    and practitioners.valid_to = {{ end_of_time() }}
