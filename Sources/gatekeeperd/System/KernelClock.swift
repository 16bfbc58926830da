internal import CLinux

/// What the kernel knows of its clock.
enum KernelClock {
    /// Whether somebody keeps it by another clock (NTP, mostly); nil where the kernel may not be asked, as in some containers.
    static var isSynchronised: Bool? {
        let status = clinux_clock_status()
        return status < 0 ? nil : status & clinux_clock_unsynchronised == 0
    }
}
