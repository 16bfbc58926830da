/// A file descriptor that is closed exactly once: when its owner goes, or earlier by `close`.
package struct Descriptor: ~Copyable {
    package let number: Int32

    package init(owning number: Int32) {
        self.number = number
    }

    deinit {
        // EINTR after close(2) leaves the descriptor closed on Linux; nothing else it reports can be acted upon here.
        Call.close(number)
    }

    /// Closes now.
    package consuming func close() {}

    /// Gives up ownership without closing.
    package consuming func release() -> Int32 {
        let number = self.number
        discard self
        return number
    }
}
