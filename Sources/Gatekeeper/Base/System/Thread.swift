internal import CLinux
internal import Glibc

/// A thread of ours: named as `ps -T` shows it.
///
/// Of a server's, workers, the journal, the resolver and the spool are the only ones; none of our work runs on Swift's global pool.
package struct Thread: ~Copyable, Sendable {
    private let handle: pthread_t

    package init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let start = unsafe Unmanaged.passRetained(ThreadStart(name: name, body: body))
        var handle = pthread_t()
        let code = unsafe pthread_create(
            &handle, nil,
            { argument in
                // SAFETY: the argument is the object retained for us below; taking it balances that.
                let start = unsafe Unmanaged<ThreadStart>.fromOpaque(argument!).takeRetainedValue()
                _ = unsafe start.name.withCString { unsafe clinux_set_thread_name($0) }
                start.body()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            unsafe start.release()
            throw SystemError("start a thread", code: code)
        }
        self.handle = handle
    }

    /// Waits for its end.
    package consuming func join() {
        _ = pthread_join(handle, nil)
    }

    /// Lets it run on its own; its memory goes when it ends.
    package consuming func detach() {
        _ = pthread_detach(handle)
    }
}

private final class ThreadStart {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}
