/// Text as an admin can see it: a character that has no shape of its own, or only a blank's, is written as its code point.
///
/// A zero-width space that came with an address from a web page makes it no address, and a message that repeats it shows a perfect one.
package enum VisibleText {
    /// `127.0.0.2U+200B`.
    package static func of(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isInvisible) else { return text }
        var visible = ""
        for scalar in text.unicodeScalars {
            if isInvisible(scalar) { visible += name(of: scalar) } else { visible.unicodeScalars.append(scalar) }
        }
        return visible
    }

    /// `U+200B`, with what it is called where admins meet it.
    package static func describe(_ scalar: Unicode.Scalar) -> String {
        let names: [UInt32: String] = [
            0x09: "a tab", 0xa0: "a no-break space", 0xad: "a soft hyphen", 0x200b: "a zero-width space", 0x200d: "a zero-width joiner",
            0x200e: "a left-to-right mark", 0x2011: "a no-break hyphen", 0x2013: "a dash", 0x2014: "a dash",
            0x202f: "a narrow no-break space",
            0x2060: "a word joiner", 0x3000: "an ideographic space", 0xfeff: "a byte order mark",
        ]
        return names[scalar.value].map { "\(name(of: scalar)) (\($0))" } ?? name(of: scalar)
    }

    /// Those that a terminal shows as nothing or as a blank, or that turn what stands around them; the space itself isn't one.
    package static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7f }
        switch scalar.value {
        // Fillers and selectors, which count as letters and marks.
        case 0x034f, 0x115f...0x1160, 0x17b4...0x17b5, 0x2800, 0x3164, 0xfe00...0xfe0f, 0xffa0, 0xe0100...0xe01ef: return true
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .privateUse, .unassigned: return true
        default: return false
        }
    }

    private static func name(of scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
