/// The least that clients of a ticket system need, where that is known: what `routes: [{preset: NAME}]` lets through.
///
/// Those who only read or make tickets: nothing that deletes is among it.
extension TicketSystemPreset {
    /// Empty where too little is known.
    var routes: [PresetRoute] { Self.routes[name] ?? [] }

    /// Whether letters of its paths differ by case.
    var tellsCase: Bool { !Self.caseless.contains(name) }

    /// What can be done by a request that the routes let through and that says otherwise.
    var unlimited: [PresetFact] { Self.unlimited[name] ?? [] }

    /// They run on IIS.
    private static let caseless: Set<String> = ["connectwise", "halopsa"]

    private static let routes: [String: [PresetRoute]] = [
        "osticket": lines(.shown, "osTicket 1.18.1, run", "2026-11-28", ["POST /api/tickets.json"]),
        "halopsa": lines(
            .captured, "github.com/salientmsp/tier2tickets-relay, README and dc09206", "2026-11-26",
            [
                "POST /auth/token", "GET /api/users", "GET /api/asset", "POST /api/tickets", "POST /api/actions", "GET /api/client",
                "GET /api/site", "GET /api/tickettype", "GET /api/status", "GET /api/team", "GET /api/priority",
            ])
            + lines(
                .inferred, "docs.tier2tickets.com, integration/halo, the permissions that it asks for", "2026-04-28",
                ["GET /api/client/{id}", "GET /api/tickets", "GET /api/tickets/{id}", "GET /api/agent", "GET /api/authinfo"]),
        "connectwise": lines(
            .inferred, "docs.tier2tickets.com, integration/connectwise, the permissions that it asks for", "2026-04-28",
            [
                "GET company/companies", "GET company/companies/{id}", "GET company/companies/{id}/sites", "GET company/contacts",
                "GET company/contacts/{id}", "GET company/contacts/{id}/communications", "GET company/configurations",
                "GET company/configurations/{id}", "GET service/boards", "GET service/boards/{id}/statuses",
                "GET service/boards/{id}/types", "GET service/boards/{id}/teams", "GET service/priorities", "GET service/severities",
                "GET service/impacts", "GET service/sources", "GET system/info", "GET,POST service/tickets",
                "GET,PATCH service/tickets/{id}", "GET,POST service/tickets/{id}/notes", "GET,POST service/tickets/{id}/configurations",
                "GET,POST system/documents",
            ].map { $0.replacing(" ", with: " /v4_6_release/apis/3.0/") }),
        "erpnext": lines(
            .inferred, "docs.tier2tickets.com, integration/erpnext; docs.frappe.io, REST", "2026-11-26",
            [
                "GET,POST /api/resource/Issue", "GET,PUT /api/resource/Issue/{name}", "GET,POST /api/resource/Communication",
                "GET,POST /api/resource/Comment", "GET /api/resource/Contact", "GET /api/resource/Contact/{name}",
                "GET /api/resource/Customer", "GET /api/resource/Customer/{name}", "POST /api/method/upload_file",
            ]),
        "topdesk": lines(
            .inferred, "developers.topdesk.com", "2026-11-26",
            [
                "GET,POST incidents", "GET,PUT,PATCH incidents/id/{id}", "GET,POST incidents/id/{id}/attachments",
                "GET incidents/call_types", "GET incidents/categories", "GET incidents/subcategories", "GET incidents/entry_types",
                "GET incidents/impacts", "GET incidents/urgencies", "GET incidents/priorities", "GET incidents/statuses", "GET persons",
                "GET operators", "GET assetmgmt/assets", "GET version",
            ].map { $0.replacing(" ", with: " /tas/api/") }),
        "rt": lines(
            .shown, "Request Tracker 5.0.3, run", "2026-11-26",
            [
                "GET /REST/2.0/rt", "POST /REST/2.0/ticket", "GET,PUT /REST/2.0/ticket/{id}", "POST /REST/2.0/ticket/{id}/comment",
                "POST /REST/2.0/ticket/{id}/correspond", "GET /REST/2.0/ticket/{id}/attachments", "GET /REST/2.0/attachment/{id}",
                "GET /REST/2.0/tickets",
            ]),
        "redmine": lines(
            .shown, "Redmine 5.0.4, run", "2026-11-26",
            [
                "GET,POST /issues.json", "GET,PUT /issues/{id}.json", "POST /uploads.json", "GET /attachments/download/{id}/{name}",
                "GET /search.json",
            ]),
        "roundup": lines(
            .shown, "Roundup 2.6.0, run", "2026-11-26",
            [
                "GET,POST /rest/data/issue", "GET,PUT,PATCH /rest/data/issue/{id}", "POST /rest/data/file",
                "GET /rest/data/file/{id}/binary_content",
            ]),
    ]

    private static func lines(
        _ evidence: PresetRoute.Evidence, _ source: String, _ date: String, _ lines: [String]
    ) -> [PresetRoute] {
        lines.map { PresetRoute($0, evidence, source, date) }
    }

    private static let unlimited: [String: [PresetFact]] = [
        "erpnext": [
            PresetFact(
                "Until v17 `cmd=` in the query or a form calls a function on any path, before the path is looked at: the role of the API's "
                    + "user is the lock.", "frappe, frappe/app.py, read")
        ],
        "redmine": [
            PresetFact(
                "_method=delete in the form of a POST makes a DELETE of it, and DELETE /issues.json takes away the issues that ids[] names: "
                    + "the role of the key's user is the lock, so leave out 'Delete issues'.",
                "rack, lib/rack/method_override.rb; redmine, config/routes.rb, read", "2026-11-27")
        ],
        "itop": [
            PresetFact(
                "A form can carry loginop=do_reset_pwd as well as a query can (CVE-2024-51739), and a route doesn't look at forms: run a "
                    + "version in which it is fixed.", "github.com/Combodo/iTop, GHSA-2hmf-p27w-phf9", "2026-11-27")
        ],
    ]
}
