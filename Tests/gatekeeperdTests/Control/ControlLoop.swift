import Foundation
import Gatekeeper

@testable import gatekeeperd

/// A thread that turns a control socket with a fake service, as the service's control thread does.
final class ControlLoop: Sendable {
    let folder: ScratchFolder
    private let stop = Awaited<Bool>()
    private let log = Awaited<[String]>()

    /// `prepare` sets what the service answers.
    init(_ prepare: @escaping @Sendable (FakeService) -> Void = { _ in }) throws {
        folder = try ScratchFolder()
        let (path, stop, log, ready) = (folder.file("control.sock"), stop, log, Awaited<String?>())
        Thread.detachNewThread {
            let service = FakeService()
            prepare(service)
            do {
                let socket = try ControlSocket(path: path)
                ready.resolve(nil)
                while stop.value == nil {
                    var waiting = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
                    // SAFETY: one local structure.
                    _ = unsafe poll(&waiting, 1, 10)
                    socket.turn(service, by: .system)
                }
            } catch {
                ready.resolve("\(error)")
            }
            log.resolve(service.log)
        }
        if let failure = ready.wait(seconds: 30) ?? "no socket in time" { throw Failure(failure) }
    }

    deinit { stop.resolve(true) }

    var path: String { folder.file("control.sock") }

    /// Ends it; what the service was asked.
    func end() throws -> [String] {
        stop.resolve(true)
        guard let log = log.wait(seconds: 30) else { throw Failure("the control loop doesn't end") }
        return log
    }
}
