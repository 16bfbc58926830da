/// The ticket systems that an MSP can host, in alphabetical order of their names.
extension TicketSystemPreset {
    static let all = [
        connectWise, erpNext, freeScout, glpi, haloPSA, iTop, jitbit, manageEngine, osTicket, redmine, roundup, requestTracker, topDesk,
        zammad, znuny,
    ]

    private static let connectWise = TicketSystemPreset(
        name: "connectwise", aliases: ["connectwise-manage", "connectwise-psa"], title: "ConnectWise Manage / PSA, on-premises",
        paths: ["/v4_6_release/apis/3.0/…"],
        authentication: "Authorization: Basic (company+public:private in base64), and a clientId field as well",
        contentTypes: "application/json; Accept may be application/vnd.connectwise.com+json with a version",
        methods: ["GET", "POST", "PATCH", "PUT", "DELETE"],
        notes: [
            "It runs on IIS: letters of paths don't differ by case, so routes need case_sensitive: false.",
            "Queries hold quotes and brackets (conditions=); they pass through unchanged.",
        ],
        sources: [
            "github.com/tier2tickets/Knowledge-Base, connectwise.rst", "https://support.meetgradient.com/cwmanage-integration",
        ],
        date: "2026-04-28")

    private static let erpNext = TicketSystemPreset(
        name: "erpnext", aliases: ["frappe"], title: "ERPNext / Frappe",
        paths: ["/api/resource/{doctype}", "/api/method/{name}", "/api/v2/document/…"],
        authentication: "Authorization: token key:secret, or Bearer",
        contentTypes: "application/json; a form for the login",
        methods: ["GET", "POST", "PUT", "DELETE"],
        notes: [
            "The Host field selects the site: leave upstream.host at preserve, or name the site there.",
            "A client must not choose the site by X-Frappe-Site-Name: have the ticket system's own web server drop it.",
            "Everything under /api/method/ calls a function: allow single methods by name.",
            "Its own limit of a body is 10 MB unless changed.",
        ],
        sources: ["https://docs.frappe.io/framework/user/en/api/rest"])

    private static let freeScout = TicketSystemPreset(
        name: "freescout", title: "FreeScout", paths: ["/api/conversations", "/api/customers", "/api/mailboxes"],
        authentication: "X-FreeScout-API-Key", contentTypes: "application/json", methods: [],
        notes: ["The API comes with a paid module; its methods weren't verified."],
        sources: ["https://mcpservers.org/servers/cotlet-dev-integrations-freescout-api-mcp-server"])

    private static let glpi = TicketSystemPreset(
        name: "glpi", title: "GLPI", paths: ["/apirest.php/…", "/api.php (GLPI 11, OAuth 2)"],
        authentication: "Authorization: user_token or Basic once, then Session-Token; App-Token where it is set up",
        contentTypes: "application/json; multipart/form-data for uploads",
        methods: ["GET", "POST", "PUT", "DELETE"],
        notes: [
            "API clients are bound to ranges of addresses: it must see the client's address. A range that holds this host's own admits "
                + "everybody whom the door admits.",
            "Tokens may stand in the query: leave log.query off.",
            "A GET must have no body; a DELETE may have one; answers may be 206 and 207.",
            "Brackets in queries (criteria[0][field]) pass through unchanged.",
        ],
        sources: ["glpi, apirest.md", "github.com/glpi-project/glpi, issue 19521 and pull request 24046"])

    private static let haloPSA = TicketSystemPreset(
        name: "halopsa", aliases: ["haloitsm", "halo"], title: "HaloPSA / HaloITSM, on-premises",
        paths: ["/api/…", "/auth/token"],
        authentication: "OAuth 2 client credentials for a token, then Authorization: Bearer",
        contentTypes: "a form for the token; application/json",
        methods: ["GET", "POST", "DELETE"],
        notes: [
            "It runs on IIS: letters of paths don't differ by case, so routes need case_sensitive: false.",
            "It must reach support.nethelpdesk.com and licensing.haloitsm.com on port 443 from inside.",
        ],
        sources: [
            "github.com/tier2tickets/Knowledge-Base, halo.rst", "https://docs.n8n.io/credentials/haloPSA/",
            "https://www.usehalo.com/guides/2068",
        ],
        date: "2026-04-28")

    private static let iTop = TicketSystemPreset(
        name: "itop", title: "iTop", paths: ["/webservices/rest.php?version=1.x"],
        authentication: "Auth-Token, the parameter auth_token, or Basic",
        contentTypes: "a form whose field json_data holds JSON",
        methods: ["POST", "GET"],
        notes: [
            "The same script has answered loginop=do_reset_pwd to anybody, which tells user names (CVE-2024-51739): give its route "
                + "query: {allow: [version]}, and keep it up to date.",
            "Tokens may stand in the query: leave log.query off.",
        ],
        sources: ["https://github.com/Combodo/authent-token", "nuclei, CVE-2024-51739"])

    private static let jitbit = TicketSystemPreset(
        name: "jitbit", title: "Jitbit Helpdesk, on-premises", paths: ["…/api/Tickets", "…/api/Ticket"],
        authentication: "Basic, or an API token", contentTypes: "not told", methods: ["GET", "POST"],
        notes: [
            "It runs on ASP.NET and IIS: letters of paths don't differ by case, so routes need case_sensitive: false.",
            "The hosted product has /helpdesk before /api.",
        ],
        sources: ["https://github.com/jitbit/Helpdesk-API"])

    private static let manageEngine = TicketSystemPreset(
        name: "manageengine", aliases: ["servicedesk-plus", "sdp"], title: "ManageEngine ServiceDesk Plus, on-premises",
        paths: ["/api/v3/requests", "/sdpapi/… (older)"],
        authentication: "a technician's key in authtoken; PORTALID beside it, as a client by others has it",
        contentTypes: "a form whose field input_data holds JSON",
        methods: ["GET", "POST", "PUT", "DELETE"],
        notes: ["Older clients put the key into the URL: leave log.query off."],
        sources: [
            "https://www.manageengine.com/products/service-desk/on-premises/faq/api-management.html",
            "https://github.com/thichcode/servicedeskplus_mcp",
        ])

    private static let osTicket = TicketSystemPreset(
        name: "osticket", title: "osTicket",
        paths: ["/api/tickets.json", "/api/tickets.xml", "/api/tickets.email", "/api/tasks/cron", "/api/http.php/…"],
        authentication: "X-API-Key, bound to the client's address",
        contentTypes: "JSON, XML or a mail by the path's ending, whatever Content-Type says, and no form; attachments in JSON as data URLs "
            + "in base64 (RFC 2397)",
        methods: ["POST"],
        notes: [
            "Keys are bound to addresses: list this host in TRUSTED_PROXIES (include/ost-config.php), so that osTicket sees the client's.",
            "Let neither /api/tasks/cron nor /scp/ through.",
            "The answer to a new ticket is 201 and its number.",
            "It may be installed in a folder, which then stands before /api.",
        ],
        sources: ["osTicket 1.18.1, run; its setup/doc/api.md, setup/doc/api/tickets.md and api/http.php"], date: "2026-11-28")

    private static let redmine = TicketSystemPreset(
        name: "redmine", title: "Redmine", paths: ["/issues.json", "/issues/{id}.json", "/uploads.json"],
        authentication: "X-Redmine-API-Key, or Basic",
        contentTypes: "application/json or XML; application/octet-stream for uploads",
        methods: ["GET", "POST", "PUT", "DELETE"],
        notes: ["The REST API must be switched on in its administration.", "PUT and DELETE are answered 204, without a body."],
        sources: ["Redmine 5.0.4, run"], date: "2026-11-26")

    private static let requestTracker = TicketSystemPreset(
        name: "rt", aliases: ["request-tracker", "requesttracker", "rt5"], title: "Request Tracker, 5 or later",
        paths: ["/REST/2.0/…"],
        authentication: "Authorization: token, Basic, or a cookie",
        contentTypes: "application/json; multipart/form-data with the fields JSON and Attachments",
        methods: ["GET", "POST", "PUT", "DELETE"],
        notes: [
            "Most clients need POST /ticket, PUT /ticket/{id}, POST /ticket/{id}/comment and /correspond, and GET /tickets.",
            "Links (_url) and Location are built from RT's own settings: set its web domain to the public name.",
            "ETag and If-Match must pass, and do.",
            "Queries may be separated by semicolons; they pass through unchanged.",
        ],
        sources: ["github.com/bestpractical/rt, lib/RT/REST2.pm"])

    private static let roundup = TicketSystemPreset(
        name: "roundup", title: "Roundup", paths: ["/{tracker}/rest/…"],
        authentication: "Basic; others can be set up",
        contentTypes: "application/json or a form; multipart/form-data for files",
        methods: ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
        notes: [
            "It wants X-Requested-With, and Origin on everything but GET; both pass.",
            "ETag and If-Match are mandatory for changes, and pass.",
        ],
        sources: ["roundup, doc/rest.txt"])

    private static let topDesk = TicketSystemPreset(
        name: "topdesk", title: "TOPdesk, on-premises", paths: ["/tas/api/…"],
        authentication: "Basic, with an application password", contentTypes: "application/json", methods: ["GET", "POST", "PUT", "PATCH"],
        notes: ["That changes are made with PUT and PATCH isn't verified."],
        sources: [
            "https://developers.topdesk.com/tutorial-old.html", "https://www.github.com/onify/blueprint-topdesk-index-incidents",
        ])

    private static let zammad = TicketSystemPreset(
        name: "zammad", title: "Zammad", paths: ["/api/v1/…"],
        authentication: "Authorization: Token token=…, Bearer or Basic", contentTypes: "application/json",
        methods: ["GET", "POST", "PUT", "DELETE"],
        notes: [
            "List this host in RAILS_TRUSTED_PROXIES, which is 127.0.0.1 and ::1 unless set.",
            "It must be told one scheme, consistently: X-Forwarded-Proto is set here, once.",
            "Only its user interface needs websocket: true.",
        ],
        sources: ["docs.zammad.org, the introduction to the API and the appendix on environment variables"])

    private static let znuny = TicketSystemPreset(
        name: "znuny", aliases: ["otrs", "otobo"], title: "Znuny / OTRS / OTOBO",
        paths: ["/otrs/nph-genericinterface.pl/Webservice/{name}/{route}", "/otobo/nph-genericinterface.pl/Webservice/{name}/{route}"],
        authentication: "a login or a SessionID, in the body or, for GET, in the query", contentTypes: "application/json (REST) or SOAP",
        methods: [],
        notes: ["Routes and methods are what its admin has set up for each web service: look there."],
        sources: ["https://docs.centreon.com/cloud/integrations/itsm/ot-otrs-restapi"])
}
