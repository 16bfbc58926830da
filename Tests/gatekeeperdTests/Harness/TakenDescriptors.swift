import Foundation

/// Every descriptor that this process may have, taken until `release`; the limit stays. For a process that ends with its test.
struct TakenDescriptors {
    private let numbers: [Int32]

    init() {
        var limit = rlimit(rlim_cur: 256, rlim_max: 256)
        // SAFETY: the kernel reads one structure.
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        var numbers: [Int32] = []
        while case let number = dup(0), number >= 0 { numbers.append(number) }
        self.numbers = numbers
    }

    func release() {
        for number in numbers { close(number) }
    }
}
