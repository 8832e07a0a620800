"""Which roles may send which command, as the domain's table says it: written down apart from the code."""

from __future__ import annotations

_TABLE = """
RegisterTenant EN
UpdateTenantSettings RegisterBranch UpdateBranch CloseBranch DefineDepartment DefineSpecialty DefineService CM
RegisterPractitioner UpdatePractitioner GrantRole RevokeRole RegisterBed UnmergePatients RetireSchedule CM
SetPrice RetirePrice PublishPolicy RetirePolicy CM
RegisterStaff CM EN
RegisterPayer CM FN
RegisterPatient UpdatePatient PP FD IN
MergePatients FD CM
RecordConsent WithdrawConsent PP FD
PublishSchedule AmendSchedule BlockSchedule UnblockSchedule CM FD DR
OverrideSlot DR FD
SetTeleAvailability DR CM
HoldAppointment CheckInPatient JoinWaitlist RespondToAdvice InitiatePayment PP FD
BookAppointment FD IN PP
ConfirmAppointment ExpireHold EvaluateFollowUps CompleteFollowUp ExpirePayment RecordExportResult RecordPiiAccess SY
RescheduleAppointment CancelAppointment PP FD DR SY
MarkNoShow FD DR SY
ReverseNoShow OpenCashSession CountCashDrawer SetBedStatus CheckCoverage FD
OfferWaitlistSlot ScheduleService RequestNotification FD SY
MarkAppointmentError CM FN
StartEncounter RecordServicePerformed DR FD
AdviseService RevokeServiceRequest FinishEncounter RequestFollowUp AmendFollowUp RequestAdmission DR
CancelEncounter DR CM
CloseFollowUp FD DR PP
IssueInvoice AllocatePayment FD FN SY
IssueCreditNote WriteOffBalance RecordCashDeposit ResolveReconItem FinalizeAdmissionBill FN
RequestPreauthEnhancement SubmitClaim RequestClaimReprocess CloseClaim CancelClaim FN
RecordAuthorization RecordRefundFailed OpenDispute ResolveDispute IngestGatewayWebhook RecordWebhookAttempt IN
CancelDischarge RecordCoverage RecordPreauthDecision RaiseClaimQuery RecordClaimDecision RecordNotificationStatus IN
CapturePayment FailPayment IN SY
RecordCounterPayment RecordCashMovement CloseCashSession SubmitPreauth AnswerClaimQuery FD FN
DeallocatePayment ForfeitDeposit ReverseForfeit InitiateRefund FN SY
ReversePayment UpdateDispute IngestSettlementFile IngestBankStatement RecordClaimSettlement IN FN
RequestRefund PP FD FN SY
ApproveRefund FN CM
RejectRefund FN CM SY
RecordRefundProcessed IN FD
RunReconciliation FN SY EN
ReopenReconItem CloseFinancialPeriod FN CM
AcceptAdmission AdmitPatient TransferPatient UpdateAdmission PostAdmissionCharge CancelAdmission IN FD
DischargePatient IN DR
PlaceLegalHold ReleaseLegalHold ApproveErasure RedactField PseudonymisePatient AU
RequestErasure PP CM AU
ExecuteDestruction SY EN
RequestExport PP DR FD FN CM AU IN
ImportAppointment ImportBilling EN
"""


def _read() -> dict[str, frozenset[str]]:
    found = {}
    for line in _TABLE.strip().splitlines():
        words = line.split()
        roles = frozenset(word for word in words if len(word) == 2)
        found |= {word: roles for word in words if len(word) > 2}
    return found


WHO = _read()
