import Testing

@testable import Gatekeeper
@testable import gatekeeperd

/// What clients asked of Request Tracker 5.0.3, Redmine 5.0.4, Roundup 2.6.0 and osTicket 1.18.1, each the real one: 24 times the life of a
/// ticket, one a paragraph, from its creation to its attachments. Method, path and status; no names of people, no keys, no queries.
///
/// osTicket's API makes tickets and shows none: a button's and a monitor's, by JSON and XML, and what its own scripts for mail, cron and
/// tickets send; its statuses are those of its web server's log.
@Suite("Traces of real ticket systems: half of one proposes, the other half passes, and attacks don't")
struct TraceTests {
    struct System: Sendable, CustomTestStringConvertible {
        let name: String
        /// How many of the second half's requests were answered well: more than these.
        var legitimateMin = 120
        /// Requests that nobody has shown.
        let attacks: [String]

        var testDescription: String { name }
    }

    private static let everywhere = [
        "GET /", "GET /admin", "GET /.env", "GET /.git/config", "GET /wp-login.php", "POST /", "TRACE /", "GET /../etc/passwd", "PUT /x",
        "GET /%2e%2e/%2e%2e/etc/passwd", "GET //", "PROPFIND /", "GET /server-status", "POST /cgi-bin/test.cgi", "GET /..;/manager/html",
    ]

    private static let systems = [
        System(
            name: "rt",
            attacks: [
                "GET /rt/", "POST /rt/NoAuth/Login.html", "GET /rt/Admin/Users/", "POST /rt/REST/1.0/ticket/new", "GET /rt/REST/2.0/users",
                "POST /rt/REST/2.0/user", "PUT /rt/REST/2.0/user/root", "DELETE /rt/REST/2.0/ticket/1", "GET /rt/REST/2.0/groups",
                "POST /rt/REST/2.0/queue", "PUT /rt/REST/2.0/queue/1", "GET /rt/REST/2.0/user/admin",
                "GET /rt/REST/2.0/ticket/1/../../users",
                "GET /rt/REST/2.0/ticket/1%2f..%2f..%2fusers", "GET /rt/REST/2.0/ticket//history", "POST /rt/REST/2.0/tickets/bulk",
                "POST /rt/REST/2.0/ticket/1/history", "GET /rt/rest/2.0/tickets", "GET /rt/Tools/MyDay.html",
                "GET /rt/REST/2.0/ticket/1/take",
            ]),
        System(
            name: "redmine",
            attacks: [
                "GET /users.json", "POST /users.json", "GET /users/1.json", "GET /settings", "POST /settings/edit", "GET /admin/info",
                "DELETE /projects/demo.json", "PUT /projects/demo.json", "POST /projects.json", "GET /groups.json", "GET /my/account.json",
                "GET /projects/other.json", "POST /issues/1.json", "GET /issues/1/../../users.json", "GET /issues/1.json/x",
                "GET /sys/projects.json", "POST /mail_handler", "GET /attachments/download/1/../../users.json",
                "DELETE /attachments/1.json",
                "GET /issues/1%2ejson%2f..", "PUT /issues.json", "GET /cable",
            ]),
        System(
            name: "roundup",
            attacks: [
                "GET /demo/rest/data/user", "GET /demo/rest/data/user/1", "PATCH /demo/rest/data/user/1", "POST /demo/rest/data/user",
                "GET /demo/rest/data/user/1/password", "DELETE /demo/rest/data/issue/1", "DELETE /demo/rest/data/issue",
                "PUT /demo/rest/data/issue/1/title", "GET /demo/rest/data/issue/1/messages", "POST /demo/xmlrpc", "POST /demo/user3",
                "POST /demo/", "GET /demo/rest/data/file/1/../../user/1", "GET /demo/rest/data/file/1%2f..%2f..%2fuser", "GET /demo/rest",
                "POST /demo/rest/data/issue/1/@method", "OPTIONS /demo/rest/data/issue", "GET /demo/@@file/style.css", "GET /demo/issue",
            ]),
        System(
            name: "osticket", legitimateMin: 96,
            attacks: [
                "GET /scp/", "GET /scp/login.php", "POST /scp/login.php", "POST /scp/apikeys.php", "GET /scp/ajax.php/users/local",
                "POST /scp/upgrade.php", "GET /setup/", "GET /setup/install.php", "POST /setup/install.php", "GET /ajax.php/config/client",
                "GET /open.php", "POST /open.php", "GET /view.php", "POST /login.php", "GET /pages/landing", "GET /kb/index.php",
                "GET /file.php", "GET /manage.php", "GET /include/ost-config.php", "GET /apps/dispatcher.php/x", "POST /api/http.php",
                "POST /api/http.php/tickets.json", "POST /api/http.php/tickets.email", "POST /api/http.php/tasks/cron", "GET /api",
                "POST /api/", "GET /api/tickets.json", "GET /api/tasks/cron", "PUT /api/tickets.json", "DELETE /api/tickets.json",
                "POST /api/tickets.json/", "POST /api/tickets.json/1", "POST /api/tickets.html", "POST /api/ticket.json",
                "POST /api/tickets.JSON", "POST /API/tickets.json", "POST /api//tickets.json", "POST /api/tickets%252ejson",
                "POST /api/tickets.json%0a", "POST /api/x/../tickets.json", "POST /api/tasks//cron", "POST /api/tasks/cron/x",
                "POST /api/cron.php", "POST /api/pipe.php", "GET /api/.htaccess", "POST /support/api/tickets.json",
            ]),
    ]

    /// One life of a ticket each.
    private func lives(_ name: String) throws -> [[LearningScene.Traced]] { try LearningScene.trace(name) }

    /// By the code that decides.
    private func passes(_ method: String, _ path: String, _ table: RouteTable) -> Bool {
        let head = Array("\(method) \(path) HTTP/1.1\r\nHost: tickets\r\n\r\n".utf8)
        var fields = FieldTable()
        guard case .parsed(let parsed) = RequestHeadParser.parse(head.span, limits: Settings.Limits(), into: &fields),
            case .route = table.find(parsed, fields, head.span)
        else { return false }
        return true
    }

    @Test("a proposal of one half refuses nothing that was answered in the other, and every attack", arguments: systems)
    func halves(system: System) throws {
        let lives = try lives(system.name)
        try #require(lives.count == 24)
        let scene = try LearningScene()
        try scene.learn(lives[0..<6].flatMap(\.self), daysAgo: 1)
        try scene.learn(lives[6..<12].flatMap(\.self))
        try scene.settle()
        let proposal = RouteProposal(try scene.report())
        let folder = try ScratchFolder(["chain.pem": "", "key.pem": "", "gatekeeper.yaml": ServiceScene.text(proposal.text)])
        let configuration = try Configuration.load(file: folder.file("gatekeeper.yaml"), flags: [])
        let routes = try #require(configuration.settings.routes)
        #expect(configuration.warnings.isEmpty && routes.routes.count == proposal.lines.count)
        let table = RouteTable(routes)

        let legitimate = lives[12...].flatMap(\.self).filter { (200..<400).contains($0.status) }
        try #require(legitimate.count > system.legitimateMin)
        for request in legitimate {
            #expect(passes(request.method, request.path, table), "\(request.method) \(request.path)\n\(proposal.text)")
        }
        for attack in Self.everywhere + system.attacks {
            let words = attack.split(separator: " ").map(String.init)
            #expect(!passes(words[0], words[1], table), "\(attack)\n\(proposal.text)")
        }
    }

    @Test("a flood of attacks that the ticket system doesn't answer well changes nothing of the proposal", arguments: systems)
    func attacked(system: System) throws {
        let lives = try lives(system.name)
        var proposals: [[RouteProposal.Line]] = []
        for isAttacked in [false, true] {
            let scene = try LearningScene()
            for day in [Int64(1), 0] {
                if isAttacked {
                    let attacks = (Self.everywhere + system.attacks).compactMap { LearningScene.Traced("\($0) 404") }
                    for _ in 0..<20 { try scene.learn(attacks, daysAgo: day) }
                }
                try scene.learn(lives[Int(1 - day) * 6..<Int(1 - day) * 6 + 6].flatMap(\.self), daysAgo: day)
            }
            try scene.settle()
            proposals.append(RouteProposal(try scene.report()).lines)
        }
        #expect(proposals[0] == proposals[1] && !proposals[0].isEmpty)
    }
}
