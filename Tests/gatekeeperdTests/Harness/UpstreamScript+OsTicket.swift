/// osTicket 1.18.1 behind Apache 2.4 with mod_php: status, fields and short words as they were captured.
extension UpstreamScript {
    /// How it, or what it runs on, was set up.
    enum OsTicketState {
        /// - Parameter trusting: `TRUSTED_PROXIES` has the proxy's address.
        case well(trusting: Bool)
        /// `RemoteIPProxyProtocol On`: each connection begins with whom it is for.
        case told
        /// Its database is down: PHP's own error, with 200.
        case databaseDown
        /// `ost-config.php` is missing, and `setup/` was taken away.
        case unconfigured
        /// It waits for whoever comes first to install it.
        case uninstalled
        /// The web server passes everything that it doesn't know to the portal.
        case catchAll
        /// `mod_rewrite` is off, or `.htaccess` isn't read.
        case rewriteMissing
    }

    /// - Parameter keys: by the address that each is made for.
    static func osTicket(_ state: OsTicketState, in folder: String = "", keys: [String: String] = [:]) -> UpstreamScript {
        UpstreamScript { connection in
            var (trusts, told, isRewritten) = (false, "127.0.0.1", true)
            switch state {
            case .well(let trusting): trusts = trusting
            case .told: told = try connection.introduction() ?? told
            case .rewriteMissing: isRewritten = false
            case .databaseDown, .unconfigured, .uninstalled, .catchAll: break
            }
            while let request = try connection.request() {
                // As Apache answers what isn't HTTP, like a PROXY header that it doesn't expect.
                guard !request.method.isEmpty else { return try connection.respond("400 Bad Request", fields: ["Connection: close"]) }
                let path = request.target.split(separator: "?").first.map(String.init) ?? ""
                let mark = cookie(for: request, in: folder)
                switch state {
                case .databaseDown: try connection.respond(fields: [html], body: failure)
                case .unconfigured:
                    return try last("500 Internal Server Error", [], "<b>Error loading settings. Contact admin.</b>", connection)
                case .uninstalled:
                    try connection.respond("302 Found", fields: ["Location: \(folder)/setup/", html], body: "<html></html>")
                case .catchAll: try connection.respond(fields: [mark, html], body: page)
                case .well, .told, .rewriteMissing:
                    if let call = question(path, in: folder, isRewritten: isRewritten) {
                        let client = trusts ? request["x-forwarded-for"] ?? told : told
                        let (status, words) = answer(request, call, keys[client])
                        return try last(status, [mark], words, connection)
                    }
                    if path == "\(folder)/" {
                        try connection.respond(fields: [mark, html], body: page)
                        continue
                    }
                    let type = "Content-Type: text/html; charset=iso-8859-1"
                    try connection.respond(path == "/" ? "200 OK" : "404 Not Found", fields: [type], body: "<html></html>")
                }
            }
        }
    }

    /// What the API is asked for; nil where the web server doesn't call it.
    private static func question(_ path: String, in folder: String, isRewritten: Bool) -> String? {
        let doors = ["\(folder)/api/http.php/"] + (isRewritten ? ["\(folder)/api/"] : [])
        return doors.first(where: path.hasPrefix).map { String(path.dropFirst($0.count)) }
    }

    /// - Parameter key: the one that is made for the client's address.
    private static func answer(_ request: RawMessage, _ call: String, _ key: String?) -> (status: String, words: String) {
        guard request.method == "POST", ["tickets.json", "tickets.xml", "tickets.email", "tasks/cron"].contains(call) else {
            return ("400 Bad Request", "URL not supported")
        }
        guard let key, request["x-api-key"] == key else { return ("401 Unauthorized", "Valid API key required") }
        return call == "tasks/cron" ? ("200 OK", "Completed") : ("201 Created", "233149")
    }

    /// An answer of its own, with which the connection ends.
    private static func last(_ status: String, _ fields: [String], _ words: String, _ connection: ScriptedConnection) throws {
        try connection.respond(status, fields: fields + ["Status: \(status)", "Connection: Close", html], body: words)
    }

    private static func cookie(for request: RawMessage, in folder: String) -> String {
        let host = request["host"].map { String($0.prefix { $0 != ":" }) } ?? ""
        let secure = request["x-forwarded-proto"] == "https" ? " secure;" : ""
        let times = "expires=Fri, 27 Nov 2026 23:00:00 GMT; Max-Age=1440;"
        return "Set-Cookie: OSTSESSID=4f2b; \(times) path=\(folder)/; domain=\(host);\(secure) HttpOnly"
    }

    private static let html = "Content-Type: text/html; charset=UTF-8"
    private static let page = "<!DOCTYPE html>\n<html><title>Support</title></html>"
    private static let failure = "<br />\n<b>Fatal error</b>:  Uncaught mysqli_sql_exception: Connection refused in /srv/secret.php:69"
}
