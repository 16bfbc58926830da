internal import Glibc

/// A moment as wall clocks show it, in the time zone of this machine.
struct LocalTime: Equatable {
    /// 1 to 12.
    var month: Int
    var day: Int
    var hour: Int
    var minute: Int
    /// 60 in a leap second.
    var second: Int
}

extension LocalTime {
    init(wallMilliseconds: Int64) {
        var seconds = time_t(wallMilliseconds / 1000)
        var calendar = unsafe tm()
        // SAFETY: reads the one and writes the other, both local; none of the pointers in `tm` is looked at.
        unsafe localtime_r(&seconds, &calendar)
        unsafe self.init(
            month: Int(calendar.tm_mon) + 1, day: Int(calendar.tm_mday), hour: Int(calendar.tm_hour), minute: Int(calendar.tm_min),
            second: Int(calendar.tm_sec))
    }
}
