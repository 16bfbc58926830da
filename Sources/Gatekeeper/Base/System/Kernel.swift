#if SIMULATION
    internal import Glibc

    /// What the data path sees of an operating system: sockets, epoll, the clock, random numbers.
    ///
    /// Exists in builds that define `SIMULATION` (every debug build), where a thread may have a kernel of its own in place of the machine's; a
    /// release build has neither this protocol nor a branch for it. Calls answer as system calls do, with a count or descriptor, or an errno
    /// as a negative number.
    protocol Kernel: AnyObject {
        /// On the monotonic clock.
        var nanoseconds: UInt64 { get }
        /// Since 1970.
        var wallMilliseconds: Int64 { get }
        func randomNumber() -> UInt64

        func receive(_ descriptor: Int32, into room: UnsafeMutableRawBufferPointer, flags: Int32) -> Int
        func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, flags: Int32) -> Int
        func accept(_ listener: Int32) -> (descriptor: Int32, peer: SocketAddress)
        func socket(family: Int32) -> Int32
        func connect(_ descriptor: Int32, to address: ConnectAddress) -> Int32
        func bind(_ descriptor: Int32, to address: SocketAddress) -> Int32
        func localAddress(of descriptor: Int32) -> SocketAddress
        func shutdown(_ descriptor: Int32, how: Int32)
        func close(_ descriptor: Int32)

        func set(_ descriptor: Int32, level: Int32, option: Int32, to value: Int32) -> Bool
        func setResetOnClose(_ descriptor: Int32, _ reset: Bool) -> Bool
        /// An errno, 0 for none; asking forgets it.
        func pendingError(_ descriptor: Int32) -> Int32
        func transmission(of descriptor: Int32) -> TransmissionState?
        func sendRoom(of descriptor: Int32) -> Int

        func epoll() -> Int32
        func register(_ descriptor: Int32, with epoll: Int32, events: UInt32, token: UInt64) -> Int32
        func wait(_ epoll: Int32, eventsMax: Int, timeoutMilliseconds: Int32, report: (_ events: UInt32, _ token: UInt64) -> Void) -> Int
        func eventDescriptor() -> Int32
        func raise(_ eventDescriptor: Int32)
        func lower(_ eventDescriptor: Int32)
        /// Of `/dev/null`.
        func null() -> Int32
    }

    /// Which threads have a kernel of their own.
    enum Simulation {
        private static let key: pthread_key_t = {
            var key = pthread_key_t()
            let code = unsafe pthread_key_create(&key, nil)
            precondition(code == 0, "no key for a thread's kernel")
            return key
        }()

        private final class Box {
            let kernel: any Kernel

            init(_ kernel: any Kernel) {
                self.kernel = kernel
            }
        }

        /// The calling thread's.
        static var kernel: (any Kernel)? {
            guard let box = unsafe pthread_getspecific(key) else { return nil }
            // SAFETY: what `run` has put there, which it holds until it has taken it away again.
            return unsafe Unmanaged<Box>.fromOpaque(box).takeUnretainedValue().kernel
        }

        /// Has the system calls of this thread go to `kernel` while `body` runs.
        static func run<Result>(on kernel: any Kernel, _ body: () throws -> Result) rethrows -> Result {
            let box = Box(kernel)
            defer { withExtendedLifetime(box) {} }
            unsafe pthread_setspecific(key, Unmanaged.passUnretained(box).toOpaque())
            defer { pthread_setspecific(key, nil) }
            return try body()
        }
    }
#endif
