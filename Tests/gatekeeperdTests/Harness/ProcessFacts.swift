import Foundation

/// What Linux says about a running process.
struct ProcessFacts {
    struct Thread {
        let name: String
        /// User and system time so far.
        let cpuMilliseconds: Int
    }

    let id: pid_t

    /// Resident memory now, shared pages included.
    var residentBytes: Int { get throws { try kilobytes("Rss:", in: "smaps_rollup") << 10 } }

    /// The most that was ever resident.
    var residentBytesPeak: Int { get throws { try kilobytes("VmHWM:", in: "status") << 10 } }

    /// Forgets the peak, so that the next reading is of what happens from here on.
    func resetPeak() throws {
        try "5".write(toFile: "/proc/\(id)/clear_refs", atomically: false, encoding: .utf8)
    }

    var threads: [Thread] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task").map { task in
                let name = try read("task/\(task)/comm").trimmingCharacters(in: .newlines)
                // The name stands in parentheses and may hold anything; the numbers start after the last one. Fields 14 and 15 of
                // proc(5) are user and system time in ticks of 10 ms.
                let numbers = try read("task/\(task)/stat").split(separator: ")").last?.split(separator: " ") ?? []
                let ticks = numbers.count > 12 ? (Int(numbers[11]) ?? 0) + (Int(numbers[12]) ?? 0) : 0
                return Thread(name: name, cpuMilliseconds: ticks * 10)
            }
        }
    }

    var descriptorCount: Int {
        get throws { try FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd").count }
    }

    private func read(_ file: String) throws -> String {
        try String(contentsOfFile: "/proc/\(id)/\(file)", encoding: .utf8)
    }

    private func kilobytes(_ label: String, in file: String) throws -> Int {
        let line = try read(file).split(separator: "\n").first { $0.hasPrefix(label) }
        guard let number = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw Failure("no \(label) in /proc/\(id)/\(file)")
        }
        return number
    }
}
