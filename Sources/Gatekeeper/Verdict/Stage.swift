/// Where on its way a connection or an exchange ended. The words are the log's (`stage`) and the names of the folders.
package enum Stage: UInt8, Sendable, CaseIterable {
    case accept
    case admission
    case downstream
    case http1
    case policy
    case proxy
    case upstream

    package var word: StaticString {
        switch self {
        case .accept: "accept"
        case .admission: "admission"
        case .downstream: "downstream"
        case .http1: "http1"
        case .policy: "policy"
        case .proxy: "proxy"
        case .upstream: "upstream"
        }
    }
}
