/// What the process's end says to the script or service manager that started it.
enum ExitStatus {
    static let failure: Int32 = 1
    /// Wrong flags or a configuration that can't be used: trying again without a change is of no use.
    static let misuse: Int32 = 2
    /// `explain` was asked about somebody who isn't let through.
    static let denied: Int32 = 3
    /// `doctor` found something, or `outbound` something that can't be reached.
    static let findings: Int32 = 3
}
