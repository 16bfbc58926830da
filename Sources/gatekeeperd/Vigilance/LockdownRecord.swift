internal import Gatekeeper

/// A lockdown as it outlives the process: a file of its own below the state folder, so that nothing that may befall the ledger ends it.
///
/// Its end stands in it by two clocks: within one boot of the machine the monotonic one goes on, which nobody can set, so that a calendar which
/// jumps neither ends a lockdown early nor prolongs it. After another boot the calendar decides, and never for longer than was asked for.
struct LockdownRecord: Equatable, Sendable {
    var lockdown: Lockdown
    /// Nil until somebody ends it.
    var term: Term?

    struct Term: Equatable, Sendable {
        /// As it was asked for.
        var seconds: Int
        var endsAt: Instant
    }

    static let fileName = "lockdown"
    static let bytesMax = 256 << 10
    private static let versionField = "gatekeeper_lockdown"

    static func path(in folder: String) -> String { "\(folder)/\(fileName)" }

    /// The machine's present boot, as the kernel names it, in 32 hexadecimal digits; nil where nobody says. The unit does (`%b`), which hides the
    /// kernel's file.
    static func bootIdentifier(environment: (String) -> String? = Environment.value) -> String? {
        let written = environment("GATEKEEPER_BOOT").flatMap(identifier)
        return written
            ?? (try? FileContents.read("/proc/sys/kernel/random/boot_id", bytesMax: 100)).flatMap {
                identifier(String(decoding: $0, as: UTF8.self))
            }
    }

    private static func identifier(_ text: String) -> String? {
        let digits = text.filter { $0.isASCII && $0.isLetter || $0.isNumber }.lowercased()
        return digits.utf8.count == 32 && digits.allSatisfy(\.isHexDigit) ? digits : nil
    }

    // MARK: Written

    func bytes(boot: String?, at now: Moment) -> [UInt8] {
        let grants = lockdown.grants.map { grant in
            JSON.object(of: ("row", .number(grant.row)), ("address", .string(grant.address.description)))
        }
        let json = JSON.object(
            of: (Self.versionField, .number(1)), ("since_ms", .number(lockdown.since.milliseconds)),
            ("uid", lockdown.requester.map { .number($0.user) }), ("user", lockdown.requester?.name.map(JSON.string)),
            ("keep", .strings(lockdown.keep)), ("for_seconds", term.map { .number($0.seconds) }),
            ("ends_ms", term.map { .number(Self.wallTime(of: $0, at: now).milliseconds) }),
            ("boot", term == nil ? nil : boot.map(JSON.string)),
            ("ends_boot_ms", term.map { .number($0.endsAt.nanoseconds / 1_000_000) }), ("grants", .array(grants)))
        return Array(json.text.utf8) + [UInt8(ascii: "\n")]
    }

    /// When it ends by the calendar as it is now.
    static func wallTime(of term: Term, at now: Moment) -> WallTime {
        now.wallTime.advanced(byMilliseconds: Int64(clamping: term.endsAt.nanoseconds(since: now.instant) / 1_000_000))
    }

    // MARK: Read

    enum Reading: Equatable {
        case none
        case record(LockdownRecord, bytes: [UInt8])
        /// There is one, or there may be one, and what it says isn't known: the sentence says which file and why.
        case illegible(String)
    }

    /// What is kept in the folder. Whatever isn't wholly a record of ours means that everybody is shut out.
    static func read(in folder: String, boot: String?, at now: Moment) -> Reading {
        let path = path(in: folder)
        do throws(FileFailure) {
            let bytes = try FileContents.read(path, bytesMax: bytesMax)
            guard let record = parse(bytes, boot: boot, at: now) else {
                return .illegible("\(path) says whether there is a lockdown, and isn't what this service writes there")
            }
            return .record(record, bytes: bytes)
        } catch {
            // Without the folder there is nothing in it.
            return error.isAbsent ? .none : .illegible("\(path) says whether there is a lockdown, and \(error.problem)")
        }
    }

    private static func parse(_ bytes: [UInt8], boot: String?, at now: Moment) -> LockdownRecord? {
        guard let json = JSONReader.read(bytes), json[versionField]?.integer == 1, let since = json["since_ms"]?.integer,
            case .array(let keep)? = json["keep"], let names = json["keep"]?.texts, names.count == keep.count,
            case .array(let rows)? = json["grants"]
        else { return nil }
        var lockdown = Lockdown(since: WallTime(milliseconds: Int64(since)))
        lockdown.keep = names
        lockdown.requester = json["uid"]?.integer.flatMap { UInt32(exactly: $0) }.map { Requester(user: $0, name: json.string("user")) }
        let grants = rows.compactMap(grant)
        guard grants.count == rows.count else { return nil }
        lockdown.grants = grants
        guard json["for_seconds"] != nil || json["ends_ms"] != nil else { return LockdownRecord(lockdown: lockdown) }
        guard let seconds = json["for_seconds"]?.integer, (1...Lockdown.secondsMax).contains(seconds),
            let ends = json["ends_ms"]?.integer,
            let endsBoot = json["ends_boot_ms"]?.integer, endsBoot >= 0
        else { return nil }
        let left: Int64 =
            if let boot, json.string("boot") == boot {
                Int64(endsBoot) - Int64(clamping: now.instant.nanoseconds / 1_000_000)
            } else {
                WallTime(milliseconds: Int64(ends)).milliseconds(since: now.wallTime)
            }
        let endsAt = now.instant.advanced(byMilliseconds: Int(min(max(0, left), Int64(seconds) * 1000)))
        return LockdownRecord(lockdown: lockdown, term: Term(seconds: seconds, endsAt: endsAt))
    }

    private static func grant(_ row: JSON) -> Lockdown.AdmittedGrant? {
        guard let number = row["row"]?.integer, let text = row.string("address"), let address = try? AddressPrefix(parsing: text) else {
            return nil
        }
        return Lockdown.AdmittedGrant(row: Int64(number), address: address)
    }
}
