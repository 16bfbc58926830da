package enum AdmissionDecision: Equatable, Sendable {
    /// By this entry of the allow-list.
    case admitted(entry: AllowList.EntryIndex)
    case denied(DenialReason)
}
