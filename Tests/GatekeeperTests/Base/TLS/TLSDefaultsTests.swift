import CTLS
import Glibc
import Testing

@testable import Gatekeeper

struct TLSDefaultsTests {
    @Test("a process that exits leaves OpenSSL as it is, for threads that still use it or are about to end")
    func exit() async {
        await #expect(processExitsWith: .exitCode(42)) {
            // Called behind whatever OpenSSL would have done: what was cleaned up can't be begun again.
            atexit { _exit(OPENSSL_init_crypto(0, nil) == 1 ? 42 : 43) }
            TLSDefaults.areQuiet
            _ = try TLSLibrary()
            Glibc.exit(0)
        }
    }
}
