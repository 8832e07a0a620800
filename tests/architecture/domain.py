"""Every command and event of the domain, by its number: what the catalogue is held against."""

from __future__ import annotations


def _numbered(text: str) -> dict[str, str]:
    """name -> number; two commands of one number stand together, with a slash."""
    pairs = (word.split(":") for word in text.split())
    return {name: number for number, names in pairs for name in names.split("/")}


COMMANDS = _numbered("""
C01:RegisterTenant C02:UpdateTenantSettings C03:RegisterBranch C04:UpdateBranch C05:CloseBranch
C06:DefineDepartment C07:DefineSpecialty C08:DefineService C09:RegisterPractitioner C10:UpdatePractitioner
C11:RegisterStaff C12:GrantRole/RevokeRole C13:RegisterPayer C14:RegisterBed C15:RegisterPatient
C16:UpdatePatient C17:MergePatients C18:UnmergePatients C19:RecordConsent C20:WithdrawConsent
C21:PublishSchedule C22:AmendSchedule C23:BlockSchedule C24:UnblockSchedule C25:OverrideSlot
C26:SetTeleAvailability C27:RetireSchedule C28:HoldAppointment C29:BookAppointment C30:ConfirmAppointment
C31:ExpireHold C32:RescheduleAppointment C33:CancelAppointment C34:CheckInPatient C35:MarkNoShow
C36:ReverseNoShow C37:JoinWaitlist C38:OfferWaitlistSlot C39:MarkAppointmentError C40:StartEncounter
C41:AdviseService C42:RespondToAdvice C43:ScheduleService C44:RecordServicePerformed C45:RevokeServiceRequest
C46:FinishEncounter C47:CancelEncounter C48:RequestFollowUp C49:AmendFollowUp C50:CloseFollowUp
C51:EvaluateFollowUps C52:CompleteFollowUp C53:SetPrice C54:RetirePrice C55:PublishPolicy C56:RetirePolicy
C57:IssueInvoice C58:IssueCreditNote C59:WriteOffBalance C60:InitiatePayment C61:RecordAuthorization
C62:CapturePayment C63:FailPayment C64:ExpirePayment C65:RecordCounterPayment C66:AllocatePayment
C67:DeallocatePayment C68:ReversePayment C69:ForfeitDeposit C70:ReverseForfeit C71:RequestRefund
C72:ApproveRefund/RejectRefund C73:InitiateRefund C74:RecordRefundProcessed C75:RecordRefundFailed
C76:OpenDispute C77:UpdateDispute C78:ResolveDispute C79:OpenCashSession C80:RecordCashMovement
C81:CountCashDrawer C82:CloseCashSession C83:RecordCashDeposit C84:IngestGatewayWebhook C85:IngestSettlementFile
C86:IngestBankStatement C87:RunReconciliation C88:ResolveReconItem C89:ReopenReconItem C90:CloseFinancialPeriod
C91:RequestAdmission C92:AcceptAdmission C93:AdmitPatient C94:TransferPatient C95:UpdateAdmission
C96:PostAdmissionCharge C97:DischargePatient C98:CancelAdmission C99:CancelDischarge C100:FinalizeAdmissionBill
C101:SetBedStatus C102:CheckCoverage C103:RecordCoverage C104:SubmitPreauth C105:RecordPreauthDecision
C106:RequestPreauthEnhancement C107:SubmitClaim C108:RaiseClaimQuery C109:AnswerClaimQuery
C110:RecordClaimDecision C111:RequestClaimReprocess C112:RecordClaimSettlement C113:CloseClaim C114:CancelClaim
C115:RequestNotification C116:RecordNotificationStatus C117:PlaceLegalHold/ReleaseLegalHold C118:RequestErasure
C119:ApproveErasure C120:ExecuteDestruction C121:RedactField C122:PseudonymisePatient C123:RequestExport
C124:RecordExportResult C125:RecordPiiAccess C126:ImportAppointment C127:ImportBilling
""")

EVENTS = _numbered("""
E01:TenantRegistered E02:TenantSettingsChanged E03:BranchRegistered E04:BranchUpdated E05:BranchClosed
E06:DepartmentDefined E07:SpecialtyDefined E08:ServiceDefined E09:PractitionerRegistered E10:PractitionerUpdated
E11:StaffRegistered E12:RoleGranted E13:RoleRevoked E14:PayerRegistered E15:BedRegistered E16:PatientRegistered
E17:PatientUpdated E18:PatientsMerged E19:PatientsUnmerged E20:ConsentRecorded E21:ConsentWithdrawn
E22:SchedulePublished E23:SlotsGenerated E24:SlotsRetired E25:ScheduleAmended E26:ScheduleBlocked
E27:ScheduleUnblocked E28:SlotOverridden E29:TeleAvailabilityChanged E30:ScheduleRetired E31:AppointmentHeld
E32:AppointmentBooked E33:AppointmentHoldExpired E34:AppointmentRescheduled E35:AppointmentCancelled
E36:PatientCheckedIn E37:AppointmentNoShow E38:NoShowReversed E39:AppointmentFulfilled E40:WaitlistJoined
E41:WaitlistOffered E42:AppointmentEnteredInError E43:EncounterStarted E44:EncounterFinished
E45:EncounterCancelled E46:ServiceAdvised E47:ServiceAdviceAccepted E48:ServiceAdviceDeclined
E49:ServiceScheduled E50:ServicePerformed E51:ServiceRequestRevoked E52:FollowUpRequested E53:FollowUpAmended
E54:FollowUpBooked E55:FollowUpUnbooked E56:FollowUpCompleted E57:FollowUpOverdue E58:FollowUpLapsed
E59:FollowUpClosed E60:PriceSet E61:PriceRetired E62:PolicyPublished E63:PolicyRetired E64:InvoiceIssued
E65:InvoiceCredited E66:InvoiceWrittenOff E67:PaymentInitiated E68:PaymentAuthorized E69:PaymentCaptured
E70:PaymentFailed E71:PaymentExpired E72:PaymentAllocated E73:PaymentDeallocated E74:PaymentReversed
E75:DepositForfeited E76:DepositForfeitReversed E77:RefundRequested E78:RefundApproved E79:RefundRejected
E80:RefundInitiated E81:RefundProcessed E82:RefundFailed E83:DisputeOpened E84:DisputeUpdated
E85:DisputeResolved E86:CashSessionOpened E87:CashMovementRecorded E88:CashDrawerCounted E89:CashSessionClosed
E90:CashDeposited E91:GatewayWebhookAccepted E92:GatewayWebhookDuplicated E93:SettlementFileIngested
E94:SettlementLineRecorded E95:BankStatementIngested E96:BankLineRecorded E97:ReconciliationRun
E98:ReconItemResolved E99:ReconItemReopened E100:FinancialPeriodClosed E101:AdmissionRequested
E102:AdmissionAccepted E103:PatientAdmitted E104:PatientTransferred E105:AdmissionUpdated
E106:AdmissionChargePosted E107:PatientDischarged E108:AdmissionCancelled E109:DischargeCancelled
E110:AdmissionBilled E111:BedOccupied E112:BedReleased E113:BedStatusChanged E114:CoverageEligibilityRequested
E115:CoverageEligibilityRecorded E116:PreauthSubmitted E117:PreauthApproved E118:PreauthRejected
E119:PreauthEnhancementRequested E120:ClaimSubmitted E121:ClaimQueried E122:ClaimQueryAnswered
E123:ClaimAdjudicated E124:ClaimReprocessRequested E125:ClaimSettled E126:ClaimClosed E127:ClaimCancelled
E128:NotificationRequested E129:NotificationStatusChanged E130:LegalHoldPlaced E131:LegalHoldReleased
E132:ErasureRequested E133:ErasureApproved E134:DestructionExecuted E135:FieldRedacted E136:PatientPseudonymised
E137:ExportRequested E138:ExportCompleted E139:ExportFailed E140:PiiAccessed E141:AppointmentImported
E142:BillingImported
""")

# Beside the domain's own: what became of applying a delivery (docs/decisions/0009).
OWN_COMMANDS = {"RecordWebhookAttempt"}
OWN_EVENTS = {"GatewayWebhookAttempted"}
