with keyed as (
    select tenant_id, leg, kind, match_gateway, match_key, item_id, left_paise, left_ref, occurred_at
    from {{ ref('proj_recon_expectations') }}
    where match_key is not null
),

shared as (
    select tenant_id, leg, kind, match_gateway, match_key
    from keyed
    group by tenant_id, leg, kind, match_gateway, match_key
    having count(*) > 1
),

-- a key of several items goes to the earliest that still expects money: an entry error, once reversed, gives its RRN
-- back to the payment that was entered right
contested as (
    select
        keyed.tenant_id,
        keyed.item_id,
        row_number() over (
            partition by keyed.tenant_id, keyed.leg, keyed.kind, keyed.match_gateway, keyed.match_key
            order by case when keyed.left_paise = 0 then 1 else 0 end, keyed.occurred_at, keyed.left_ref
        ) as claim
    from keyed
    inner join shared
        on keyed.tenant_id = shared.tenant_id
        and keyed.leg = shared.leg
        and keyed.kind = shared.kind
        and keyed.match_gateway = shared.match_gateway
        and keyed.match_key = shared.match_key
)

select
    keyed.tenant_id,
    keyed.leg,
    keyed.kind,
    keyed.match_gateway,
    keyed.match_key,
    keyed.item_id,
    keyed.left_paise
from keyed
left join contested on keyed.tenant_id = contested.tenant_id and keyed.item_id = contested.item_id
where coalesce(contested.claim, 1) = 1
