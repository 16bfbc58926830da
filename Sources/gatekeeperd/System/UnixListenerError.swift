internal import Gatekeeper

/// Why there is no listening socket of that name.
enum UnixListenerError: Error, CustomStringConvertible {
    case inUse(String)
    case unusable(String)
    case system(SystemError)

    var description: String {
        switch self {
        case .inUse(let message), .unusable(let message): message
        case .system(let error): error.description
        }
    }
}
