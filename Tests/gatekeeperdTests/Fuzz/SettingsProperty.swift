@testable import gatekeeperd

/// What holds of any bytes in a configuration file: they are settings, or mistakes that have a place.
enum SettingsProperty {
    /// Nil, or how it was broken.
    static func check(_ bytes: [UInt8]) -> String? {
        var reader = ConfigurationReader { $0 == "DIR" ? "/run" : nil }
        reader.read(bytes, path: "/nowhere/gatekeeper.yaml")
        do throws(ConfigurationError) {
            _ = try Validation.judge(reader)
            return nil
        } catch {
            if error.findings.isEmpty { return "refused without a mistake" }
            for finding in error.findings {
                guard case .file(_, let position) = finding.origin else { continue }
                if position.line < 1 || position.column < 1 { return "a mistake at \(position)" }
            }
            return nil
        }
    }
}
