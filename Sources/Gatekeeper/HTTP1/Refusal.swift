/// Why a message isn't accepted: one case for each rule, so that the log names the rule and a test can ask for each.
///
/// Three facts go with a case: the status of the answer, the word for the log and the sentence for the client. The sentence says what was
/// wrong and nothing about who is behind us.
package enum Refusal: UInt8, Error, CaseIterable, Sendable {
    // MARK: The bytes of a head, whatever they mean

    /// A line feed without a carriage return before it: parsers disagree whether the line ends (RFC 9112 §2.2).
    case bareLF
    /// A carriage return without a line feed behind it: some parsers end the line there.
    case bareCR
    /// C strings end here, others go on.
    case nul
    /// Never part of a field value (RFC 9110 §5.5).
    case controlCharacter
    /// A continued line: one field to some, two to others (RFC 9112 §5.2).
    case obsFold
    /// Parsers skip the line, join it to the first, or take it as a field (RFC 9112 §2.2).
    case whitespaceBeforeFirstField
    /// Beyond `Limits.headBytesMax` without an end.
    case headTooLarge
    /// Beyond `Limits.fieldsMax`.
    case fieldsTooMany

    // MARK: The request line (RFC 9112 §3)

    /// A part is missing; HTTP/0.9 looks like this.
    case requestLineMalformed
    /// No end within what the longest target needs.
    case requestLineTooLong
    /// Not `1*tchar` (RFC 9110 §9.1).
    case methodMalformed
    /// Applications that fold `post` to `POST` would do what no rule about `POST` allowed.
    case methodLowercase
    /// `CONNECT` makes a tunnel to anywhere, `TRACE` echoes credentials.
    case methodRefused
    /// Beyond `Limits.targetBytesMax`.
    case targetTooLong
    /// Bytes beyond RFC 3986, among them everything beyond ASCII.
    case targetCharacter
    /// `#` never travels (RFC 9110 §4.2.5); applications cut there, proxies don't.
    case targetFragment
    /// `CONNECT`'s form, a relative path, another scheme.
    case targetForm
    /// RFC 9112 §3.2.4.
    case targetAsterisk
    /// `http://trusted@evil/` shows one host and means another (RFC 9110 §4.2.4).
    case targetUserinfo
    /// Empty, or not a host and a port.
    case targetAuthority
    /// Not `HTTP/d.d`, or something behind it.
    case versionMalformed
    /// A version whose framing may differ.
    case versionUnsupported

    // MARK: Field lines (RFC 9112 §5)

    /// A line that begins with its colon.
    case fieldNameEmpty
    /// Not `1*tchar` (RFC 9110 §5.1).
    case fieldNameInvalid
    /// `Transfer-Encoding : chunked` is a field to some and not to others (RFC 9112 §5.1).
    case spaceBeforeColon
    /// Parsers skip it, fold it or end the head there.
    case colonMissing
    /// `Content-Type` or `Authorization` twice: the first counts for one parser, the last for another.
    case fieldRepeated

    // MARK: Framing (RFC 9112 §6)

    /// `+5`, `0x5`, `5, 5`, nothing at all.
    case contentLengthMalformed
    /// Beyond 2⁶³ − 1 or 19 digits: it wraps somewhere.
    case contentLengthOverflow
    /// Even with equal values.
    case contentLengthRepeated
    /// `CL.TE` and `TE.CL` (RFC 9112 §6.1).
    case contentLengthWithTransferEncoding
    /// `TE.TE`: a spelling that only one of two parsers takes for chunked.
    case transferEncoding
    /// Well-formed, ends with chunked, but has been coded before that.
    case transferCodingUnknown
    /// One parser takes the first, another the last.
    case transferEncodingRepeated
    /// An HTTP/1.0 recipient ignores it (RFC 9112 §6.1).
    case transferEncodingInHTTP10
    /// Declared beyond the limit, or grown beyond it chunk by chunk.
    case bodyTooLarge

    // MARK: Routing and connection

    /// RFC 9112 §3.2.
    case hostMissing
    /// One party routes by the first, another by the last.
    case hostRepeated
    /// Applications build links from it (host header injection).
    case hostMalformed
    /// RFC 9112 §3.2.2 lets the target win; applications read `Host`.
    case hostDisagrees
    /// What it names, we drop: it must be readable.
    case connectionMalformed
    /// Each is compared with each field; 32 bound that.
    case connectionOptionsTooMany
    /// Hop-by-hop abuse: a proxy that obeys strips `Authorization` or `Cookie` on the way (RFC 9110 §7.6.1).
    case connectionNominates
    /// Half-understood expectations desynchronise (RFC 9110 §10.1.1).
    case expectation

    // MARK: Chunks (RFC 9112 §7.1)

    /// A sign, `0x`, a blank, nothing: `strtol` takes what we don't.
    case chunkSize
    /// More than 16 digits or beyond 2⁶³ − 1.
    case chunkSizeOverflow
    /// Parsers skip extensions by different rules (TERM.EXT, EXT.TERM).
    case chunkExtension
    /// Beyond `Limits.chunkHeaderBytesMax`: extensions carry megabytes for one byte of data.
    case chunkHeaderTooLong
    /// The size lied, or two bytes would be skipped unseen (SPILL).
    case chunkEnd
    /// Beyond `Limits.trailerBytesMax`.
    case trailerTooLarge
    /// A recipient that merges trailers into the head would obey it (RFC 9110 §6.5.1).
    case trailerForbidden

    // MARK: Responses; whatever an upstream's response is refused for, its client gets 502

    /// Not a version, three digits and a reason: perhaps the body of an answer before (response queue poisoning).
    case statusLine
    /// RFC 9110 §15.
    case statusCode

    /// The status of our answer (for a response that is refused it is always 502, whatever this says).
    package var status: UInt16 { facts.status }

    /// The word for the log, in snake case.
    package var reason: StaticString { facts.reason }

    /// The sentence for the `detail` of the problem document.
    package var detail: StaticString { facts.detail }

    private typealias Facts = (status: UInt16, reason: StaticString, detail: StaticString)

    private var facts: Facts {
        switch self {
        case .bareLF: (400, "bare_lf", "A line ends with LF alone; every line ends with CRLF.")
        case .bareCR: (400, "bare_cr", "A carriage return isn't followed by a line feed.")
        case .nul: (400, "nul", "The head holds a NUL byte.")
        case .controlCharacter: (400, "control_character", "The head holds a control character.")
        case .obsFold: (400, "obs_fold", "A field line begins with white space; folded lines are obsolete.")
        case .whitespaceBeforeFirstField:
            (400, "whitespace_before_first_field", "White space stands between the first line and the first field.")
        case .headTooLarge: (431, "head_too_large", "The head is larger than this server accepts.")
        case .fieldsTooMany: (431, "fields_too_many", "The head has more fields than this server accepts.")
        case .requestLineMalformed: (400, "request_line", "The request line isn't a method, a target and a version.")
        case .requestLineTooLong: (414, "request_line_too_long", "The request line is longer than this server accepts.")
        case .methodMalformed: (400, "method", "The method isn't a token.")
        case .methodLowercase: (501, "method_lowercase", "Methods are case-sensitive and this one isn't known.")
        case .methodRefused: (501, "method_refused", "CONNECT and TRACE aren't served here.")
        case .targetTooLong: (414, "target_too_long", "The request target is longer than this server accepts.")
        case .targetCharacter: (400, "target_character", "The request target holds a character that must be percent-encoded.")
        case .targetFragment: (400, "target_fragment", "The request target holds a fragment.")
        case .targetForm: (400, "target_form", "The request target is neither a path nor an http or https URL.")
        case .targetAsterisk: (400, "target_asterisk", "The target * is for OPTIONS only.")
        case .targetUserinfo: (400, "target_userinfo", "The request target holds user information.")
        case .targetAuthority: (400, "target_authority", "The request target's authority is malformed.")
        case .versionMalformed: (400, "version", "The request line doesn't end with an HTTP version.")
        case .versionUnsupported: (505, "version_unsupported", "Only HTTP/1.0 and HTTP/1.1 are spoken here.")
        case .fieldNameEmpty: (400, "header_name_empty", "A field has no name.")
        case .fieldNameInvalid: (400, "header_name", "A field name isn't a token.")
        case .spaceBeforeColon: (400, "header_space_before_colon", "White space stands between a field name and its colon.")
        case .colonMissing: (400, "header_colon_missing", "A field line has no colon.")
        case .fieldRepeated: (400, "field_repeated", "A field that may be there once is there more than once.")
        case .contentLengthMalformed: (400, "content_length_malformed", "Content-Length isn't a run of digits.")
        case .contentLengthOverflow: (400, "content_length_overflow", "Content-Length is too large to be true.")
        case .contentLengthRepeated: (400, "content_length_repeated", "Content-Length is there more than once.")
        case .contentLengthWithTransferEncoding:
            (400, "content_length_with_transfer_encoding", "Content-Length and Transfer-Encoding exclude each other.")
        case .transferEncoding: (400, "transfer_encoding", "Transfer-Encoding isn't exactly chunked.")
        case .transferCodingUnknown: (501, "transfer_coding_unknown", "A transfer coding other than chunked isn't implemented.")
        case .transferEncodingRepeated: (400, "transfer_encoding_repeated", "Transfer-Encoding is there more than once.")
        case .transferEncodingInHTTP10: (400, "transfer_encoding_in_http_1_0", "HTTP/1.0 has no Transfer-Encoding.")
        case .bodyTooLarge: (413, "body_too_large", "The body is larger than this server accepts.")
        case .hostMissing: (400, "host_missing", "HTTP/1.1 requires a Host field.")
        case .hostRepeated: (400, "host_repeated", "Host is there more than once.")
        case .hostMalformed: (400, "host_malformed", "Host isn't a host and a port.")
        case .hostDisagrees: (400, "host_disagrees", "Host and the authority of the request target differ.")
        case .connectionMalformed: (400, "connection_malformed", "Connection isn't a list of tokens.")
        case .connectionOptionsTooMany: (400, "connection_options_too_many", "Connection names more options than this server accepts.")
        case .connectionNominates: (400, "connection_nominates", "Connection names a field that is meant for the origin.")
        case .expectation: (417, "expectation", "The only expectation known is 100-continue.")
        case .chunkSize: (400, "chunk_size", "A chunk size isn't a run of hexadecimal digits.")
        case .chunkSizeOverflow: (400, "chunk_size_overflow", "A chunk size is too large to be true.")
        case .chunkExtension: (400, "chunk_extension", "A chunk extension is malformed.")
        case .chunkHeaderTooLong: (400, "chunk_header_too_long", "A chunk's size and extensions are longer than this server accepts.")
        case .chunkEnd: (400, "chunk_end", "A chunk's data isn't followed by CRLF.")
        case .trailerTooLarge: (431, "trailer_too_large", "The trailer section is larger than this server accepts.")
        case .trailerForbidden: (400, "trailer_forbidden", "A field that frames, routes or authenticates stands in the trailer section.")
        case .statusLine: (502, "status_line", "The upstream's status line is malformed.")
        case .statusCode: (502, "status_code", "The upstream's status code is outside 100 to 599.")
        }
    }
}
