/// Why a service could not be started.
public struct ServerError: Error, Sendable, CustomStringConvertible {
    /// One sentence for the admin.
    public let description: String
    public let cause: Cause

    public enum Cause: Sendable, Equatable {
        /// The settings name something that can't be used: a certificate, a key, a path.
        case settings
        /// The settings ask for a filter on listening sockets, which the system grants to processes with CAP_NET_ADMIN.
        case privilege
        /// The system refused, with this errno.
        case system(Int32)
    }

    package init(settings description: String) {
        self.description = description
        cause = .settings
    }

    package init(_ error: SystemError) {
        description = error.description
        cause = .system(error.code)
    }

    /// - Parameter setting: what asks for the filter, where nobody else says so.
    init(filter error: SystemError, for setting: String? = nil) {
        description = setting.map { "\($0): \(error)" } ?? error.description
        cause = error.isLackOfPrivilege ? .privilege : .system(error.code)
    }
}
