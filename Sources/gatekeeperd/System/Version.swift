/// The version that `--version` and log lines say, and how this binary came to be.
enum Version {
    static let current = "0.2.0"

    /// What every place calls it.
    static let line = "gatekeeperd \(current)"

    /// Of the compiler, as far as it lets itself be asked.
    static var swift: String {
        #if compiler(>=6.5)
            "6.5 or newer"
        #elseif compiler(>=6.4)
            "6.4"
        #else
            "6.3"
        #endif
    }

    static var architecture: String {
        #if arch(x86_64)
            "x86_64"
        #elseif arch(arm64)
            "aarch64"
        #else
            "another architecture"
        #endif
    }

    static var build: String {
        #if DEBUG
            "debug"
        #else
            "release"
        #endif
    }
}
