/// What log lines and forwarded fields call a listener.
struct ListenerName {
    let port: UInt16
    let text: String
}
