{% set escalation = {
    'threshold': 'policies.body_noshow_escalation_threshold', 'bps': 'policies.body_noshow_escalation_bps'
} -%}
with tiers as (
    select
        tenant_id,
        seq,
        min(case when forfeit_bps = 0 then min_lead_seconds end) as free_window_seconds,
        max(forfeit_bps) as max_forfeit_bps,
        '[' || {{ dbt.listagg(
            json_object({'min_lead_seconds': 'min_lead_seconds', 'forfeit_bps': 'forfeit_bps'}), "','", 'order by ordinal'
        ) }} || ']' as tiers
    from {{ ref('stg_policy__body_tiers') }}
    group by tenant_id, seq
),

published as (
    select
        policies.*,
        tiers.free_window_seconds,
        tiers.max_forfeit_bps,
        case policies.kind
            when 'cancellation' then {{ json_object({
                'tiers': 'tiers.tiers',
                'max_reschedules': 'policies.body_max_reschedules',
                'min_reschedule_lead_seconds': 'policies.body_min_reschedule_lead_seconds',
                'noshow_forfeit_bps': 'policies.body_noshow_forfeit_bps',
                'noshow_grace_seconds': 'policies.body_noshow_grace_seconds',
                'forfeit_base': 'policies.body_forfeit_base',
            }, texts=['forfeit_base']) }}
            when 'deposit' then {{ json_object({
                'mode': 'policies.body_mode',
                'fixed_paise': 'policies.body_fixed_paise',
                'bps': 'policies.body_bps',
                'min_paise': 'policies.body_min_paise',
                'max_paise': 'policies.body_max_paise',
                'channels': 'policies.body_channels',
                'hold_ttl_seconds': 'policies.body_hold_ttl_seconds',
                'noshow_escalation': 'case when policies.body_noshow_escalation_threshold is not null then '
                ~ json_object(escalation) ~ ' end',
            }, texts=['mode']) }}
            when 'follow_up' then {{ json_object({
                'free_days': 'policies.body_free_days',
                'free_visits': 'policies.body_free_visits',
                'same_practitioner': 'policies.body_same_practitioner',
                'early_days': 'policies.body_early_days',
                'late_days': 'policies.body_late_days',
                'lapse_days': 'policies.body_lapse_days',
            }) }}
            else {{ json_object({
                'auto_approve_limit_paise': 'policies.body_auto_approve_limit_paise',
                'manager_limit_paise': 'policies.body_manager_limit_paise',
                'cash_refund_limit_paise': 'policies.body_cash_refund_limit_paise',
                'max_age_days': 'policies.body_max_age_days',
            }) }}
        end as body,
        versions.valid_to,
        versions.last_seq
    from {{ ref('proj_policy_versions') }} as versions
    inner join {{ ref('stg_policy') }} as policies
        on versions.tenant_id = policies.tenant_id and versions.published_seq = policies.seq
    left join tiers on policies.tenant_id = tiers.tenant_id and policies.seq = tiers.seq
),

-- what holds while nobody has published anything (DOMAIN §2.3)
defaults as (
    select tenants.tenant_id, policies.*
    from {{ ref('proj_tenants') }} as tenants
    cross join {{ ref('default_policies') }} as policies
),

members as (
    select
        tenant_id,
        kind,
        scope_level || coalesce(':' || coalesce(scope_branch_id, scope_city_id), '') as scope_key,
        policy_version_id,
        body,
        body_mode as deposit_mode,
        body_bps as deposit_bps,
        body_fixed_paise as deposit_fixed_paise,
        free_window_seconds,
        max_forfeit_bps,
        body_noshow_forfeit_bps as noshow_forfeit_bps,
        body_free_days as free_days,
        body_free_visits as free_visits,
        body_same_practitioner as is_same_practitioner,
        effective_from as valid_from,
        valid_to,
        last_seq
    from published

    union all

    select
        tenant_id, kind, 'default' as scope_key, policy_version_id, body, deposit_mode, deposit_bps,
        deposit_fixed_paise, free_window_seconds, max_forfeit_bps, noshow_forfeit_bps, free_days, free_visits,
        is_same_practitioner, {{ start_of_time() }} as valid_from, {{ end_of_time() }} as valid_to, 0 as last_seq
    from defaults

    union all

    select
        tenant_id, 'unknown' as kind, '-' as scope_key, '-1' as policy_version_id, null as body, null as deposit_mode,
        null as deposit_bps, null as deposit_fixed_paise, null as free_window_seconds, null as max_forfeit_bps,
        null as noshow_forfeit_bps, null as free_days, null as free_visits, null as is_same_practitioner,
        {{ start_of_time() }} as valid_from, {{ end_of_time() }} as valid_to, 0 as last_seq
    from {{ ref('proj_tenants') }}
)

select
    case
        when policy_version_id = '-1' then '-1'
        else {{ surrogate_key(['tenant_id', 'kind', 'scope_key', epoch_seconds('valid_from')]) }}
    end as policy_sk,
    members.*,
    valid_to = {{ end_of_time() }} as is_current
from members
