/// The certificates of one listener by the names that they are for; what a handshake changes to when it has seen the name.
final class CertificateSelector: Sendable {
    let names: ServerNames
    /// By the sets of `names`; the first one is what a handshake begins with, and stands for whoever asks for no name of ours.
    let contexts: [TLSContext]
    /// No name of ours, no handshake.
    let isStrict: Bool

    init(names: ServerNames, contexts: [TLSContext], isStrict: Bool) {
        self.names = names
        self.contexts = contexts
        self.isStrict = isStrict
    }
}
