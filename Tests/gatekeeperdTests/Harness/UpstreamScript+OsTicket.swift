/// osTicket 1.18.1 behind Apache 2.4 with mod_php: status, fields and short words as they were captured.
extension UpstreamScript {
    /// How it, or what it runs on, was set up.
    enum OsTicketState {
        /// - Parameter trusting: `TRUSTED_PROXIES` has the proxy's address.
        case well(trusting: Bool)
        /// Its database is down: PHP's own error, with 200.
        case databaseDown
        /// `ost-config.php` is missing.
        case unconfigured
        /// The web server passes everything that it doesn't know to the portal.
        case catchAll
        /// `mod_rewrite` is off, or `.htaccess` isn't read.
        case rewriteMissing
    }

    /// - Parameter keys: by the address that each is made for.
    static func osTicket(_ state: OsTicketState, in folder: String = "", keys: [String: String] = [:]) -> UpstreamScript {
        UpstreamScript { connection in
            while let request = try connection.request() {
                let path = request.target.split(separator: "?").first.map(String.init) ?? ""
                let isDirect = path.hasPrefix("\(folder)/api/http.php/tickets.")
                let isRewritten = path.hasPrefix("\(folder)/api/tickets.")
                switch state {
                case .databaseDown: try connection.respond(fields: [html], body: failure)
                case .unconfigured:
                    let (status, body) = ("500 Internal Server Error", "<b>Error loading settings.</b>")
                    return try connection.respond(status, fields: [html, "Status: \(status)", "Connection: Close"], body: body)
                case .rewriteMissing where isDirect:
                    return try answer(request, connection, trusting: false, keys)
                case .well(let trusting) where isDirect || isRewritten:
                    return try answer(request, connection, trusting: trusting, keys)
                case .catchAll: try connection.respond(fields: [cookie, html], body: page)
                case .well, .rewriteMissing:
                    if path == "\(folder)/" {
                        try connection.respond(fields: [cookie, html], body: page)
                        continue
                    }
                    let type = "Content-Type: text/html; charset=iso-8859-1"
                    try connection.respond(path == "/" ? "200 OK" : "404 Not Found", fields: [type], body: "<html></html>")
                }
            }
        }
    }

    /// The API's own answer, with which the connection ends.
    private static func answer(
        _ request: RawMessage, _ connection: ScriptedConnection, trusting: Bool, _ keys: [String: String]
    ) throws {
        let client = trusting ? request["x-forwarded-for"] ?? "" : "127.0.0.1"
        let status: String
        let words: String
        if request.method != "POST" {
            (status, words) = ("400 Bad Request", "URL not supported")
        } else if let key = request["x-api-key"], key == keys[client] {
            (status, words) = ("201 Created", "233149")
        } else {
            (status, words) = ("401 Unauthorized", "Valid API key required")
        }
        try connection.respond(status, fields: [cookie, "Status: \(status)", "Connection: Close", html], body: words)
    }

    private static let cookie = "Set-Cookie: OSTSESSID=4f2b; expires=Fri, 27 Nov 2026 23:00:00 GMT; Max-Age=1440; path=/; secure; HttpOnly"
    private static let html = "Content-Type: text/html; charset=UTF-8"
    private static let page = "<!DOCTYPE html>\n<html><title>Support</title></html>"
    private static let failure = "<br />\n<b>Fatal error</b>:  Uncaught mysqli_sql_exception: Connection refused in /srv/secret.php:69"
}
