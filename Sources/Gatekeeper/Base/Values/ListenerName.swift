/// What log lines call a listener, and requests without a `Host` are sent on for.
struct ListenerName {
    let text: String
}
