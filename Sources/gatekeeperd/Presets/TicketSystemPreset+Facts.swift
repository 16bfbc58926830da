/// What real ticket systems did behind the door, and what their sources say: each with its source and date, beside what their documentation
/// tells.
extension TicketSystemPreset {
    var facts: [PresetFact] { Self.facts[name] ?? [] }

    /// By the presets' names.
    static let facts: [String: [PresetFact]] = [
        "connectwise": [
            PresetFact(
                "Attachments go to POST /system/documents below the API's path.",
                "github.com/tier2tickets/Knowledge-Base, integration/connectwise, inferred")
        ],
        "freescout": [
            PresetFact(
                "The API (a paid module) has /api/conversations, /api/customers and /api/mailboxes, with the key in X-FreeScout-API-Key.",
                "FreeScout 1.8, run without the module; the module's documentation"),
            PresetFact(
                "APP_URL in .env must be the public https URL: any other Host is answered 403, whatever is asked for.", "FreeScout 1.8, run"
            ),
            PresetFact("APP_TRUSTED_PROXIES in .env must name this host, as FreeScout sees it.", "FreeScout 1.8, run"),
        ],
        "glpi": [
            PresetFact(
                "A client that may not is answered 400 with ERROR_NOT_ALLOWED_IP.", "github.com/glpi-project/glpi, issue 19521, read"),
            PresetFact(
                "Up to 9.3 it believes anybody's X-Forwarded-For; the one that is sent from here holds the client's address alone.",
                "glpi, src of 9.3, read"),
            PresetFact(
                "Later ones up to 11.0 look at REMOTE_ADDR alone: have its web server put the client's address there (realip, RemoteIPHeader).",
                "glpi, src of 10.0 and 11.0, read"),
            PresetFact(
                "Newer ones can be told: GLPI_TRUSTED_REVERSE_PROXIES and GLPI_REVERSE_PROXY_HEADERS in config/local_define.php.",
                "github.com/glpi-project/glpi, pull request 24046 (2026), read"),
            PresetFact(
                "It ships an API client \"full access from localhost\": where this door runs on GLPI's host, delete it or have GLPI see the "
                    + "client's address.", "glpi, install data, read"),
        ],
        "halopsa": [
            PresetFact(
                "The vendor Tier2Tickets asks POST /auth/token, GET below /api/users, client, site, asset, tickettype, status, team, priority "
                    + "and agent, GET and POST /api/tickets, and POST /api/actions.",
                "github.com/salientmsp/tier2tickets-relay, README and dc09206, captured"),
            PresetFact(
                "Captured were /token and the resources below the two servers that were configured; that these are /auth and /api is how a "
                    + "usual Halo has it.", "github.com/salientmsp/tier2tickets-relay, README; docs.n8n.io, inferred"),
            PresetFact(
                "Its client fails on any answer that isn't JSON.", "github.com/salientmsp/tier2tickets-relay, README, captured"),
        ],
        "itop": [
            PresetFact(
                "It takes POST with the form fields auth_user, auth_pwd and json_data; Basic needs login_mode=basic in the request or basic in "
                    + "allowed_login_types.", "iTop 3.3, run"),
            PresetFact(
                "app_root_url in its configuration must be the public https URL, and behind_reverse_proxy true.", "iTop 3.3, run"),
        ],
        "manageengine": [
            PresetFact("It runs on Tomcat: RemoteIpValve in server.xml has it see https and the client's address.", "Tomcat's manual, read")
        ],
        "osticket": [
            PresetFact(
                "A key is bound to REMOTE_ADDR. define('TRUSTED_PROXIES', '10.0.0.7'); in include/ost-config.php has it look at "
                    + "X-Forwarded-For: name this host's address as osTicket sees it, a network as 10.0.0.0/24, or several with commas.",
                "osTicket 1.18.1, run"),
            PresetFact(
                "Without that, realip in nginx or RemoteIPHeader in Apache does the same for it.",
                "osTicket 1.18.1 on nginx and Apache, run"),
            PresetFact(
                "401 \"Valid API key required\" is no key, an unknown one or one for another address; \"API key not found/active or source IP not "
                    + "authorized\" one that isn't active, or whose address has capitals or a blank too many; \"API key not authorized\" one without "
                    + "'Can Create Tickets'.",
                "osTicket 1.18.1, run", "2026-11-28"),
            PresetFact(
                "A key's address is compared as it was typed, and its panel takes whatever is one: IPv6 has to be typed short and in lower case, as "
                    + "2001:db8::6, or no call is ever let in.",
                "osTicket 1.18.1, run", "2026-11-28"),
            PresetFact(
                "It sees the client's address without a field or a setting of its own by upstream.proxy_protocol: v2, with RemoteIPProxyProtocol On "
                    + "in Apache or real_ip_header proxy_protocol in nginx, and by upstream.source: client.",
                "osTicket 1.18.1 on Apache and nginx, run", "2026-11-28"),
            PresetFact(
                "A key made for this host's address works for everybody whom the door admits: the second lock is gone.",
                "osTicket 1.18.1, run"),
            PresetFact(
                "Tier2Tickets sends from two addresses and each needs a key of its own, entered there as Key1:Key2.",
                "docs.tier2tickets.com, integration/osticket", "2026-04-28"),
            PresetFact(
                "201 comes as text/html with the ticket's number as its body; XML and .email work likewise. A form is 400 \"Syntax error, malformed "
                    + "JSON\".", "osTicket 1.18.1, run", "2026-11-28"),
            PresetFact(
                "201 is a ticket, and says nothing of attachments: one that is too large (1 MiB, unless its settings say more) or isn't base64 is "
                    + "left out, with a note in the ticket.",
                "osTicket 1.18.1, run", "2026-11-28"),
            PresetFact(
                "GET /api/tickets.json is answered 400 \"URL not supported\" with a cookie OSTSESSID, before any key is looked at: that answer "
                    + "says nothing about keys.", "osTicket 1.18.1, run"),
            PresetFact(
                "POST /api/tickets.json is all that a vendor needs: routes: [{preset: osticket}].",
                "osTicket 1.18.1, shown"),
            PresetFact(
                "Who may post to /api/tickets.email writes into every ticket of which he knows a mail's Message-ID, under any sender's name: let it "
                    + "through to your own mail server alone, by a route with `from`.",
                "osTicket 1.18.1, run", "2026-11-28"),
            PresetFact(
                "Without its rewrite clients ask for POST /api/http.php/tickets.json, which the preset doesn't let through: mend the rewrite.",
                "osTicket 1.18.1, run", "2026-11-28"),
            PresetFact(
                "Never let GET through to /api: with ?_method=POST it makes a ticket, and below /api/tasks/cron it runs the tasks.",
                "osTicket 1.18.1, run", "2026-11-27"),
            PresetFact(
                "Only 201 is a ticket: with its database down PHP answers 200 to everything, as it does to XML that has no fields; and so does nginx "
                    + "without a rule for /api.",
                "osTicket 1.18.1 on nginx and Apache, run", "2026-11-28"),
            PresetFact(
                "Until it is installed, and when include/ost-config.php is lost, it sends everybody to setup/ (302), where whoever comes first "
                    + "installs it: take setup/ away afterwards, as its admin panel says too.",
                "osTicket 1.18.1, run", "2026-11-28"),
            PresetFact(
                "500 \"Incomplete client information\": it can't resolve the requester's mail domain, and its setting 'verify email addresses' is on.",
                "osTicket 1.18.1, run", "2026-11-27"),
        ],
        "redmine": [
            PresetFact("Links and redirects are built from Host and X-Forwarded-Proto; both are sent.", "Redmine 5.0.4, run"),
            PresetFact("Only /cable (live updates) needs websocket: true, and Origin must be the public https name.", "Redmine 5.0.4, run"),
        ],
        "roundup": [
            PresetFact(
                "Host and Origin must be the public ones that its configuration names, or every change is answered 400.",
                "Roundup 2.6.0, run"),
            PresetFact("It takes 40 connections at once and hangs the next: connections_max: 40.", "Roundup 2.6.0, run"),
        ],
        "rt": [
            PresetFact(
                "WebDomain and WebPort must be the public ones. With Plack's ReverseProxy in front, X-Forwarded-Proto and -Port decide its "
                    + "links; both are sent.", "Request Tracker 5.0.3, run")
        ],
        "topdesk": [
            PresetFact(
                "It runs on Tomcat: RemoteIpValve in server.xml has it see https and the client's address.", "Tomcat's manual, read"),
            PresetFact(
                "What a vendor is likely to need: GET and POST /tas/api/incidents; GET, PUT and PATCH /tas/api/incidents/id/{id}; GET and POST "
                    + "its attachments; GET persons, operators, assetmgmt/assets and version.", "developers.topdesk.com, inferred"),
        ],
        "zammad": [
            PresetFact(
                "ZAMMAD_HTTP_TYPE must be https; in its containers NGINX_SERVER_SCHEME too.",
                "docs.zammad.org, environment variables, read")
        ],
        "znuny": [
            PresetFact("OTOBO stands at /otobo/… in place of /otrs/….", "OTOBO 11, run"),
            PresetFact("Its settings FQDN and HttpType (https) must be the public ones.", "OTOBO 11, run"),
            PresetFact(
                "Operations by GET take login, password and SessionID in the query: leave log.query off.", "OTOBO 11, run"),
        ],
    ]
}
