import Glibc
import Testing

@testable import Gatekeeper

struct CivilDateTests {
    @Test("every day until 2370 is the C library's, and leads back to its number")
    func days() {
        for day: Int64 in 0..<146_097 {
            var seconds = time_t(day * 86_400)
            var parts = unsafe tm()
            // SAFETY: gmtime_r reads one number and fills in one structure, both local.
            _ = unsafe gmtime_r(&seconds, &parts)
            let date = CivilDate(daysSince1970: day)
            let isSame =
                unsafe (date.year, date.month, date.day)
                == (Int64(parts.tm_year) + 1900, Int64(parts.tm_mon) + 1, Int64(parts.tm_mday))
            guard isSame, date.daysSince1970 == day else {
                Issue.record("day \(day) is \(date)")
                return
            }
        }
    }
}
