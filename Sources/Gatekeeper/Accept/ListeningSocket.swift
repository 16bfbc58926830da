/// A listening descriptor on its way from the thread that opened it to the worker that accepts on it.
struct ListeningSocket: Sendable {
    let descriptor: Int32
    /// As the settings name it.
    let wanted: SocketAddress
    let address: SocketAddress
    /// What records of the log name it by.
    let index: Int
    /// Another worker has it too.
    var isShared = false
}
