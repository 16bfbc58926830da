/// Capabilities by the names that units have for them (capabilities(7)).
enum CapabilityName {
    /// In the order of their numbers.
    private static let all = [
        "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "linux_immutable",
        "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot",
        "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease",
        "audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read",
        "perfmon", "bpf", "checkpoint_restore",
    ]

    static let every: UInt64 = (1 << UInt64(all.count)) - 1

    /// One bit for each that is named; `~` before a list means all others, and what isn't known is none.
    static func mask(_ values: [String]) -> UInt64 {
        var mask: UInt64 = 0
        for value in values {
            let isInverse = value.hasPrefix("~")
            var bits: UInt64 = 0
            for word in value.drop(while: { $0 == "~" || $0 == " " }).split(whereSeparator: { $0 == " " || $0 == "\t" }) {
                let name = word.lowercased()
                guard name.hasPrefix("cap_"), let number = all.firstIndex(of: String(name.dropFirst(4))) else { continue }
                bits |= 1 << UInt64(number)
            }
            if isInverse { mask = mask == 0 ? every & ~bits : mask & ~bits } else { mask |= bits }
        }
        return mask
    }

    /// `cap_net_bind_service`; `no capabilities` for none.
    static func text(_ mask: UInt64) -> String {
        if mask & every == every { return "all capabilities" }
        let names = all.indices.filter { mask & (1 << UInt64($0)) != 0 }.map { "cap_\(all[$0])" }
        return names.isEmpty ? "no capabilities" : names.joined(separator: ", ")
    }
}
