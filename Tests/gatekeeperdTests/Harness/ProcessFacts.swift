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

    /// How many IPv4 connections to `port` are open, or closed by the other side alone, in the network that the process sees. Whose they are
    /// isn't told: it is for ports that one process connects to.
    func connectionCount(to port: UInt16) throws -> Int {
        // Behind a number: the local address, the remote one with its port in hexadecimal, the state (1 established, 8 close wait).
        let remote = ":" + String(UInt32(port) | 0x10000, radix: 16, uppercase: true).dropFirst()
        // The kernel gives it a page at a time, which is less than was asked for and not the end.
        let table = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/\(id)/net/tcp")).readToEnd() ?? Data()
        return String(decoding: table, as: UTF8.self).split(separator: "\n").count { line in
            let words = line.split(separator: " ")
            return words.count > 3 && words[2].hasSuffix(remote) && ["01", "08"].contains(words[3])
        }
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
