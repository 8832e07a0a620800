with folded as (
    select
        tenant_id,
        aggregate_id as admission_id,
        max(patient_key) as patient_key,
        max(encounter_id) as encounter_id,
        max(branch_id) as branch_id,
        max_by(coalesce(patch_practitioner_id, practitioner_id), seq) filter (
            where event_type <> 'AdmissionChargePosted' and coalesce(patch_practitioner_id, practitioner_id) is not null
        ) as practitioner_id,
        max_by(coalesce(patch_department_id, department_id), seq) filter (
            where coalesce(patch_department_id, department_id) is not null
        ) as department_id,
        max_by(coalesce(patch_bed_class, bed_class), seq) filter (
            where coalesce(patch_bed_class, bed_class) is not null
        ) as bed_class,
        max_by(coalesce(patch_expected_los_days, expected_los_days), seq) filter (
            where coalesce(patch_expected_los_days, expected_los_days) is not null
        ) as expected_los_days,
        max(his_visit_no) as his_visit_no,
        -- where the stay stands: everything but what changes a detail of it
        max_by(event_type, seq) filter (
            where event_type not in ('PatientTransferred', 'AdmissionUpdated', 'AdmissionChargePosted')
        ) as last_event,
        max(case when event_type = 'AdmissionRequested' then occurred_at end) as requested_at,
        max(case when event_type = 'AdmissionAccepted' then occurred_at end) as accepted_at,
        max(admitted_at) as admitted_at,
        max_by(discharged_at, seq) filter (where event_type = 'PatientDischarged') as discharged_at,
        max_by(disposition, seq) filter (where event_type = 'PatientDischarged') as disposition,
        max_by(los_days, seq) filter (where event_type = 'PatientDischarged') as los_days,
        max(case when event_type = 'AdmissionBilled' then occurred_at end) as billed_at,
        max(case when event_type = 'AdmissionCancelled' then occurred_at end) as cancelled_at,
        {{ count_if("event_type = 'PatientTransferred'") }} as transfers_n,
        {{ count_if("event_type = 'AdmissionChargePosted' and reversal_of is null") }} as charges_n,
        {{ sum_paise(
            'case when reversal_of is null then total_paise else -total_paise end',
            "event_type = 'AdmissionChargePosted'"
        ) }} as charged_paise,
        max(case when event_type = 'AdmissionBilled' then invoice_id end) as invoice_id,
        max(case when event_type = 'AdmissionBilled' then total_paise end) as bill_total_paise,
        max(advance_applied_paise) as advance_applied_paise,
        max(excess_paise) as excess_paise,
        min(seq) as first_seq,
        max(seq) as last_seq
    from {{ ref('stg_admission') }}
    group by tenant_id, aggregate_id
)

select
    tenant_id,
    admission_id,
    patient_key,
    encounter_id,
    branch_id,
    practitioner_id,
    department_id,
    bed_class,
    expected_los_days,
    his_visit_no,
    case last_event
        when 'AdmissionRequested' then 'requested'
        when 'AdmissionAccepted' then 'accepted'
        when 'PatientDischarged' then 'discharged'
        when 'AdmissionBilled' then 'billed'
        when 'AdmissionCancelled' then 'cancelled'
        else 'admitted'
    end as status,
    requested_at,
    accepted_at,
    admitted_at,
    -- a discharge that was cancelled was never one
    case when last_event <> 'DischargeCancelled' then discharged_at end as discharged_at,
    case when last_event <> 'DischargeCancelled' then disposition end as disposition,
    case when last_event <> 'DischargeCancelled' then los_days end as los_days,
    billed_at,
    cancelled_at,
    transfers_n,
    charges_n,
    charged_paise,
    invoice_id,
    bill_total_paise,
    advance_applied_paise,
    excess_paise,
    first_seq,
    last_seq
from folded
