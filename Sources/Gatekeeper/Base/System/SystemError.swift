/// A system call that failed while something was being set up.
///
/// The data path has no use for it: there, would-block and a peer's failures are values.
public struct SystemError: Error, Sendable, CustomStringConvertible {
    /// What was attempted, as a phrase an admin can read (`listen on 0.0.0.0:443`).
    public let operation: String
    public let code: Int32

    public init(_ operation: String, code: Int32) {
        self.operation = operation
        self.code = code
    }

    public var description: String { "\(operation): \(System.describe(code))" }
}
