internal import Gatekeeper

/// The process that this one replaces: it drains once it knows that we serve, and ends what we don't admit any more.
final class Predecessor: Sendable {
    private let writing: Descriptor

    /// Takes over the descriptor.
    init(listeningOn writing: Int32) {
        self.writing = ReadinessPipe.keep(writing)
    }

    /// We serve, or serve by something else from now on.
    func tell() {
        Console.copyComplaints(to: nil)
        ReadinessPipe.speak(on: writing)
    }
}
