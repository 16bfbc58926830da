import Foundation

@testable import gatekeeperd

/// Metrics read as strictly as the text format 0.0.4 can be: every family has its help and its kind before its samples, which stand together;
/// no series is there twice; every value is a number.
struct ExpositionReader {
    struct Series: Hashable {
        var name: String
        var labels: [String: String]
    }

    private(set) var kinds: [String: String] = [:]
    private(set) var values: [Series: Double] = [:]
    private var helped: Set<String> = []
    private var current = ""

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Failure("the last line has no end") }
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) { try read(String(line)) }
        for (family, kind) in kinds where kind == "histogram" { try checkHistogram(family) }
    }

    /// The value of a series; nil if there is none.
    subscript(name: String, labels: [String: String] = [:]) -> Double? { values[Series(name: name, labels: labels)] }

    private mutating func read(_ line: String) throws {
        if let match = line.wholeMatch(of: #/# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (\S.*)/#) {
            let family = String(match.1)
            guard helped.insert(family).inserted else { throw Failure("\(family) begins twice") }
            guard !match.2.contains("\\") else { throw Failure("a backslash in the help of \(family)") }
            current = family
        } else if let match = line.wholeMatch(of: #/# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)/#) {
            guard match.1 == current, kinds[current] == nil else { throw Failure("a kind out of place: \(line)") }
            kinds[current] = String(match.2)
        } else {
            try readSample(line)
        }
    }

    private mutating func readSample(_ line: String) throws {
        guard let kind = kinds[current], line.hasPrefix(current) else { throw Failure("a sample out of place: \(line)") }
        var rest = line[...]
        let name = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == ":" })
        rest = rest.dropFirst(name.count)
        let suffixes = kind == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        guard suffixes.contains(where: { name == current + $0 }) else { throw Failure("\(name) in the family \(current)") }
        if kind == "counter" {
            guard name.hasSuffix("_total") else { throw Failure("the counter \(name) is called like a gauge") }
        }
        var labels: [String: String] = [:]
        if rest.first == "{" { (labels, rest) = try Self.labels(rest.dropFirst()) }
        guard rest.first == " ", let value = Double(rest.dropFirst()), value.isFinite, !rest.dropFirst().hasPrefix(" ") else {
            throw Failure("no value in: \(line)")
        }
        guard values.updateValue(value, forKey: Series(name: name, labels: labels)) == nil else { throw Failure("twice: \(line)") }
    }

    private static func labels(_ text: Substring) throws -> ([String: String], Substring) {
        var labels: [String: String] = [:]
        var rest = text
        while true {
            let name = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
            rest = rest.dropFirst(name.count)
            guard !name.isEmpty, name.first?.isNumber == false, rest.hasPrefix("=\"") else { throw Failure("a label in: \(text)") }
            rest = rest.dropFirst(2)
            var value = ""
            while let character = rest.first, character != "\"" {
                rest = rest.dropFirst()
                guard character == "\\" else {
                    value.append(character)
                    continue
                }
                switch rest.popFirst() {
                case "\\": value.append("\\")
                case "\"": value.append("\"")
                case "n": value.append("\n")
                default: throw Failure("an escape in: \(text)")
                }
            }
            guard rest.popFirst() == "\"", labels.updateValue(value, forKey: name) == nil else { throw Failure("a label in: \(text)") }
            switch rest.popFirst() {
            case ",": continue
            case "}": return (labels, rest)
            default: throw Failure("labels without an end: \(text)")
            }
        }
    }

    /// Bounds grow, counts don't shrink, and the last bucket holds all.
    private func checkHistogram(_ family: String) throws {
        let buckets = values.filter { $0.key.name == family + "_bucket" }.map { series, count in
            (bound: series.labels["le"] == "+Inf" ? Double.infinity : series.labels["le"].flatMap { Double($0) } ?? .nan, count: count)
        }.sorted { $0.bound < $1.bound }
        guard buckets.last?.bound == .infinity, buckets.allSatisfy({ !$0.bound.isNaN }) else { throw Failure("buckets of \(family)") }
        guard zip(buckets, buckets.dropFirst()).allSatisfy({ $0.count <= $1.count }) else { throw Failure("counts of \(family) shrink") }
        guard self[family + "_count"] == buckets.last?.count, self[family + "_sum"] != nil else { throw Failure("sum of \(family)") }
    }
}
