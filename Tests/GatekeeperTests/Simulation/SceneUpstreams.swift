@testable import Gatekeeper

/// The ticket systems at a simulated kernel: each connection to one of them is a peer that a test moves.
final class SceneUpstreams {
    /// In the order in which they were opened.
    private(set) var peers: [ScenePeer] = []
    /// What is done with one that is new.
    var welcome: (ScenePeer) -> Void = { _ in }

    init(_ kernel: SimulatedKernel) {
        kernel.welcome = { [unowned self, unowned kernel] socket, _ in
            let peer = ScenePeer(upstream: kernel, socket)
            peers.append(peer)
            kernel.after(0) { self.welcome(peer) }
            return peer.wire
        }
    }

    /// Has each answer every request without a body at once, and keep its connections.
    func answer(_ text: String) {
        welcome = { peer in
            var answered = 0
            peer.onNews = { peer in
                let asked = peer.heard.components(of: "\r\n\r\n")
                while answered < asked {
                    answered += 1
                    peer.say(text)
                }
            }
        }
    }
}
