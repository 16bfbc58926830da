/// What a ticket system answered to several questions of our own.
package struct UpstreamHearing: Equatable, Sendable {
    /// What its name stands for, or its address; none for a UNIX socket, and for a name without an address.
    package var addresses: [SocketAddress] = []
    /// In the order of the questions; the first that wasn't answered is the last that was asked.
    package var answers: [UpstreamAnswer] = []
    /// The log's word for why a question wasn't answered; nil if all were.
    package var failure: String?

    package init(addresses: [SocketAddress] = [], answers: [UpstreamAnswer] = [], failure: String? = nil) {
        self.addresses = addresses
        self.answers = answers
        self.failure = failure
    }
}
