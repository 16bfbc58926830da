/// Those that are known, and what is said of one that isn't.
extension AddressBoundAPI {
    static let all = [osTicket, glpi]

    static func named(_ preset: String?) -> AddressBoundAPI? { preset.flatMap { name in all.first { $0.preset == name } } }

    private static let osTicketRule = "Apache: a2enmod rewrite, AllowOverride All; nginx: a location for /api"

    /// As seen of osTicket 1.18.1: `GET` is refused before any key is looked at, with `400`, "URL not supported" and a cookie. `POST` is `201`,
    /// or `401` with one of three sentences, of which the first is said of a key for another address too. Neither shows whom it trusts: a key
    /// that is made for this host is taken as well. A `200` is never osTicket's own answer: PHP has failed, or it is another page.
    private static let osTicket = AddressBoundAPI(
        title: "osTicket", preset: "osticket",
        paths: ["/api", "/api/http.php"].flatMap { door in ["json", "xml", "email"].map { "\(door)/tickets.\($0)" } },
        direct: "/api/http.php/tickets.json",
        marks: [
            "url not supported", "valid api key required", "api key not found/active or source ip not authorized", "api key not authorized",
        ],
        cookie: "ostsessid=", admissions: 201...201, provesRefusal: false,
        binding: "binds each key to the address of its client", mistakePattern: "takes HOST for that unless it was told otherwise",
        admissionPattern:
            "either it was told whom to trust, or the key is made for HOST itself, and then good for everybody who is admitted",
        keyAdvice:
            "look at the key, and at what the client is told: \"Valid API key required\" is no key, an unknown one or one for another address; "
            + "\"API key not found/active or source IP not authorized\" one that isn't active, or whose address is in capitals or has a blank "
            + "behind it; \"API key not authorized\" one without 'Can Create Tickets'. Addresses are compared as they were typed, so IPv6 has to be "
            + "as 2001:db8::6",
        entryAdvice: "make a key for each of the vendor's addresses",
        remedyPattern:
            "have its web server put the client's address in place (nginx: set_real_ip_from HOST; real_ip_header X-Forwarded-For; "
            + "Apache: RemoteIPHeader X-Forwarded-For, RemoteIPInternalProxy HOST), or say define('TRUSTED_PROXIES', 'HOST'); in "
            + "include/ost-config.php. Make a key for each of the vendor's addresses; one for HOST would be good for everybody who is admitted",
        absenceAdvice: "is it in a folder (then /FOLDER/api/tickets.json), or is its rewrite missing (\(osTicketRule))? 302 to setup/ is "
            + "one that isn't installed, or has lost include/ost-config.php. It is looked for in folders that `routes` or the log's requests name"
    )

    /// GLPI's API client is for a range of addresses. Its refusal comes before any token is looked at, and any other answer after that.
    private static let glpi = AddressBoundAPI(
        title: "GLPI", preset: "glpi", paths: ["/apirest.php/initSession"], marks: ["error_not_allowed_ip"], welcome: "[\"error",
        binding: "admits API clients by address", mistakePattern: "admits neither HOST nor whom it was asked for",
        entryAdvice: "put the vendor's addresses into the range of GLPI's API client",
        remedyPattern:
            "put the vendor's addresses into the range of GLPI's API client, and have its web server put the client's address in "
            + "place (set_real_ip_from HOST, or RemoteIPInternalProxy HOST). GLPI up to 9.3 believes X-Forwarded-For by itself; with pull request "
            + "24046 (2026) GLPI_TRUSTED_REVERSE_PROXIES in config/local_define.php does it; in between only the web server can",
        absenceAdvice:
            "is it in a folder (then /FOLDER/apirest.php/initSession), or does its web server not pass PHP what stands behind "
            + "apirest.php? It is looked for in folders that `routes` or the log's requests name")

    static let unknown = AddressBoundAPI(
        title: "its API", marks: ["ip address", "source ip", "your ip"],
        binding: "speaks of addresses when it refuses", mistakePattern: "takes HOST for the client",
        entryAdvice: "make what it admits for the vendor's addresses",
        remedyPattern:
            "have the ticket system trust HOST as a proxy (X-Forwarded-For has the client's address). A key for HOST works too, and is then "
            + "good for everybody who is admitted: the second lock is gone")

    /// What is to be done where it is there and its usual path isn't.
    var ruleAdvice: String {
        "its rewrite is missing (\(Self.osTicketRule)); until it is there, clients may use \(direct ?? "the other path")"
    }
}
