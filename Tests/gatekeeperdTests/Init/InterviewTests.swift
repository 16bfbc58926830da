import Testing

@testable import gatekeeperd

@Suite("Questions of init")
struct InterviewTests {
    /// What an empty answer to each of them stands for, and what a wrong one is told.
    private static let questions: [(question: InitQuestion, usual: String, wrong: String, told: String)] = [
        (.ticketSystem, "another", "osTickets", "Did you mean osticket?"),
        (.preset, "tier2tickets", "tier2ticket", "did you mean tier2tickets?"),
        (.allow, "none", "300.1.1.1", "as 203.0.113.9"),
        (.upstream, "http://127.0.0.1:8080", "ftp://x", "http://HOST:PORT"),
        (.name, "tickets.example.org", "https://tickets.example.org/", "no scheme"),
        (.certificate, "tls/fullchain.pem", "a\u{7}b", "control character"),
        (.key, "tls/privkey.pem", "a\u{7}b", "control character"),
        (.listen, "0.0.0.0:443 [::]:443", "443x", "as 0.0.0.0:443"),
    ]

    private let surroundings = InitSurroundings(usualName: { _ in "tickets.example.org" }, hasIPv6: true)

    @Test("each question shows what an empty answer stands for, explains itself, and is asked again after a wrong answer")
    func everyQuestion() {
        var interview = Interview(InitConfiguration(), surroundings: surroundings)
        for (question, usual, wrong, told) in Self.questions {
            #expect(interview.question == question)
            let prompt = interview.prompt
            #expect(prompt.hasSuffix("? [\(usual)]: "), "\(prompt)")
            #expect(interview.take(" ? ").joined(separator: "\n").contains(question.explanation[0]))
            let mistake = interview.take(wrong).joined(separator: "\n")
            #expect(mistake.contains(told), "\(mistake)")
            #expect(interview.question == question && interview.prompt == prompt && question.values(in: interview.configuration).isEmpty)
            #expect(interview.take("").isEmpty)
        }
        #expect(interview.question == nil && interview.prompt.isEmpty && interview.take("x").isEmpty)
        #expect(
            interview.configuration
                == InitConfiguration(
                    listen: ["0.0.0.0:443", "[::]:443"], certificate: "tls/fullchain.pem", key: "tls/privkey.pem", allow: [],
                    preset: "tier2tickets", upstream: "http://127.0.0.1:8080", name: "tickets.example.org"))
        #expect(interview.configuration.mistakes.isEmpty && interview.configuration.gaps.isEmpty)
    }

    @Test("what a flag said isn't asked; and without a question that must be asked, none is")
    func flags() {
        let all = InitConfiguration(
            listen: ["443"], certificate: "a", key: "b", allow: ["192.0.2.1"], preset: nil, upstream: "http://127.0.0.1:1")
        #expect(Interview(all).question == nil)
        var some = all
        some.upstream = nil
        some.allow = []
        some.name = "tickets.example.org"
        var interview = Interview(some)
        #expect(interview.question == .ticketSystem)
        #expect(interview.take("").isEmpty)
        #expect(interview.question == .preset)
        #expect(interview.take("another").isEmpty)
        #expect(interview.prompt == "Which addresses may connect? ")
        #expect(interview.take("192.0.2.1,  2001:db8::/48").isEmpty)
        #expect(interview.question == .upstream)
        #expect(interview.take(" unix:/run/tickets.sock ").isEmpty)
        #expect(interview.question == nil)
        #expect(interview.configuration.allow == ["192.0.2.1", "2001:db8::/48"])
        #expect(interview.configuration.upstream == "unix:/run/tickets.sock")
    }

    @Test(
        "a ticket system is told by number, name, another name or as another",
        arguments: [
            ("9", "osticket"), ("osTicket", "osticket"), ("request tracker", "rt"), ("OTRS", "znuny"), ("1", "connectwise"),
            ("another", nil), ("\(TicketSystemPreset.all.count + 1)", nil), ("", nil),
        ])
    func ticketSystems(answer: String, name: String?) {
        var interview = Interview(InitConfiguration())
        #expect(interview.take(answer).isEmpty)
        #expect(interview.question == .preset)
        #expect(interview.configuration.ticketSystem?.name == name)
        var other = Interview(InitConfiguration())
        #expect(other.take("\(TicketSystemPreset.all.count + 2)")[0].contains("There is no"))
    }

    @Test("a vendor is told by number or name; without one there must be an address")
    func vendors() {
        for (answer, preset) in [("1", "tier2tickets"), ("Tier2Tickets", "tier2tickets"), ("2", nil), ("none", nil)] {
            var interview = Interview(InitConfiguration())
            _ = interview.take("")
            #expect(interview.take(answer).isEmpty)
            #expect(interview.configuration.preset == preset)
        }
        var interview = Interview(InitConfiguration(listen: ["443"], certificate: "a", key: "b"))
        _ = interview.take("")
        _ = interview.take("none")
        for answer in ["", "none"] { #expect(interview.take(answer)[0].contains("Nobody could connect")) }
        #expect(interview.take("0.0.0.0/0").count == 2)
        #expect(interview.question == .allow)
    }

    @Test("without a name that it could be, the name must be told")
    func name() {
        var interview = Interview(InitConfiguration(allow: ["::1"], upstream: "http://127.0.0.1:1"))
        _ = interview.take("")
        #expect(interview.prompt == "Which name do clients use? ")
        #expect(interview.take("")[0].contains("no default"))
        #expect(interview.take("tickets.example.org:443")[0].contains("no port"))
        #expect(interview.take("tickets.example.org").isEmpty)
    }

    @Test("a key is looked for beside its certificate", arguments: [("/a/b.pem", "/a/privkey.pem"), ("c.pem", "privkey.pem")])
    func keys(certificate: String, key: String) {
        #expect(InitQuestion.key.usual(in: InitConfiguration(certificate: certificate)) == [key])
    }

    // MARK: A certificate that is ordered

    @Test("order in place of a file asks for names, the name that clients use being the usual one, and for a mail address, and no key")
    func order() {
        for (answer, contact) in [("", nil), ("none", nil), ("admin@example.org", "admin@example.org")] {
            var interview = Interview(InitConfiguration(allow: ["::1"], upstream: "http://127.0.0.1:1", name: "a.example"))
            _ = interview.take("")
            #expect(interview.question == .certificate && interview.question?.choices.joined().contains("order") == true)
            #expect(interview.take("order").isEmpty)
            #expect(interview.question == .acme && interview.prompt.hasSuffix("? [a.example]: "))
            #expect(interview.take("?")[0].contains("must lead here"))
            #expect(interview.take("*.example.org")[0].contains("dns-01"))
            #expect(interview.take("https://a.example")[0].contains("is not a name"))
            #expect(interview.take("").isEmpty)
            #expect(interview.question == .contact && interview.prompt.hasSuffix("? [none]: "))
            #expect(interview.take("nobody")[0].contains("is not a mail address"))
            #expect(interview.take(answer).isEmpty)
            #expect(interview.question == .listen)
            #expect(interview.take("0.0.0.0:443").isEmpty)
            let made = interview.configuration
            #expect(interview.question == nil && made.acme == ["a.example"] && made.contact == contact)
            #expect(made.certificate == nil && made.key == nil && made.gaps.isEmpty && made.mistakes.isEmpty)
        }
    }

    @Test("several names are typed with blanks or commas; names that lead elsewhere are doubts as others are")
    func orderedNames() {
        let surroundings = InitSurroundings(look: { question, _ in
            question == .acme ? InitSight(lines: ["it leads elsewhere"], isDoubtful: true) : InitSight()
        })
        var interview = Interview(InitConfiguration(allow: ["::1"], upstream: "http://127.0.0.1:1"), surroundings: surroundings)
        for answer in ["", "b.example", "order"] { _ = interview.take(answer) }
        #expect(interview.prompt == "Which names is it to be for? [b.example]: ")
        #expect(interview.take("a.example, b.example") == ["it leads elsewhere"])
        #expect(interview.prompt.contains("look again"))
        #expect(interview.take("yes").isEmpty)
        #expect(interview.configuration.acme == ["a.example", "b.example"] && interview.question == .contact)
    }

    @Test("flags that order one leave nothing to ask of files, and contradict those for files")
    func orderFlags() {
        let flags = InitConfiguration(
            listen: ["443"], acme: ["a.example"], contact: "a@b.example", allow: ["::1"], upstream: "http://127.0.0.1:1")
        #expect(Interview(flags).question == nil && flags.mistakes.isEmpty && flags.completed == flags)
        var wrong = flags
        wrong.certificate = "a"
        #expect(wrong.mistakes == ["--acme: it is in place of --certificate and --key"])
        wrong = flags
        wrong.acme = nil
        #expect(wrong.mistakes == ["--contact: it belongs to --acme"])
        wrong = flags
        wrong.acme = []
        #expect(wrong.completed.gaps == ["--acme is missing: the names of a certificate that is ordered"])
        wrong.acme = ["a.example", "a.example"]
        #expect(wrong.mistakes == ["--acme: a.example is there already"])
    }

    // MARK: What answers lead to

    /// At the question where the ticket system is, with such surroundings.
    private func atUpstream(_ sights: [String: InitSight]) -> Interview {
        let surroundings = InitSurroundings(look: { question, configuration in
            question == .upstream ? sights[configuration.upstream ?? ""] ?? InitSight() : InitSight()
        })
        var interview = Interview(InitConfiguration(allow: ["::1"], name: "a.example"), surroundings: surroundings)
        _ = interview.take("")
        return interview
    }

    @Test("where an answer leads to nothing good, it is looked at again, gone on with, or another is given")
    func doubt() {
        let sight = InitSight(lines: ["nothing listens there"], isDoubtful: true)
        for (answer, upstream) in [("yes", "http://a:1"), ("Y", "http://a:1"), ("http://b:1", "http://b:1")] {
            var interview = atUpstream(["http://a:1": sight])
            #expect(interview.take("http://a:1") == sight.lines)
            #expect(interview.question == .upstream && interview.prompt.hasSuffix("[look again]: "))
            #expect(interview.configuration.upstream == nil)
            #expect(interview.take("") == sight.lines)
            #expect(interview.take("?")[0].contains("later"))
            #expect(interview.take("trust").count == 2, "there is no key to trust")
            #expect(interview.take("http://a:1") == sight.lines)
            #expect(interview.take(answer).isEmpty)
            #expect(interview.question == .certificate)
            #expect(interview.configuration.upstream == upstream && interview.configuration.pin == nil)
        }
        var interview = atUpstream(["http://a:1": sight])
        _ = interview.take("http://a:1")
        #expect(interview.take("no").isEmpty)
        #expect(interview.prompt == "Where does the ticket system listen? [http://127.0.0.1:8080]: ")
    }

    @Test("a key that nobody vouches for is trusted when somebody says so, and only then")
    func trust() {
        let sight = InitSight(lines: ["nobody vouches for it"], isDoubtful: true, pin: "AAAA")
        for (answer, pin) in [("trust", "AAAA"), ("yes", nil)] {
            var interview = atUpstream(["https://a": sight])
            _ = interview.take("https://a")
            #expect(interview.prompt.contains("trust"))
            #expect(interview.take("?").count == 3)
            #expect(interview.take(answer).isEmpty)
            #expect(interview.configuration.pin == pin)
            #expect(interview.question == .certificate)
        }
        var interview = atUpstream(["https://a": sight])
        _ = interview.take("https://a")
        #expect(interview.take("http://b").isEmpty)
        #expect(interview.configuration.pin == nil && interview.configuration.upstream == "http://b")
    }

    @Test("a ticket system that was recognised is written down unless somebody says no")
    func recognised() {
        let osTicket = TicketSystemPreset.all.first { $0.name == "osticket" }
        for (answer, name) in [("", "osticket"), ("yes", "osticket"), ("no", nil)] {
            var interview = atUpstream(["http://a": InitSight(lines: ["This looks like osTicket."], looksLike: osTicket)])
            #expect(interview.take("http://a") == ["This looks like osTicket."])
            #expect(interview.prompt.contains("Is it osTicket") && interview.prompt.hasSuffix("[yes]: "))
            #expect(interview.take("perhaps") == ["Type yes or no."])
            #expect(interview.take("?")[0].contains("osTicket"))
            #expect(interview.take(answer).isEmpty)
            #expect(interview.question == .certificate && interview.configuration.upstream == "http://a")
            #expect(interview.configuration.ticketSystem?.name == name)
        }
    }

    @Test("what can't be assumed is missing, by its flag")
    func gaps() {
        #expect(
            InitConfiguration().completed.gaps == [
                "--allow or --preset is missing: who may connect", "--upstream is missing: where the ticket system listens",
            ])
    }

    @Test("the file is written on yes; one that is there is replaced only then")
    func consent() {
        let fresh = WriteQuestion(path: "/a", isThere: false)
        let old = WriteQuestion(path: "/a", isThere: true)
        #expect(fresh.prompt.hasSuffix("[yes]: ") && old.prompt.hasSuffix("[no]: ") && old.prompt.contains("/a.previous"))
        #expect(fresh.take("") == .write && old.take("") == .leave)
        for question in [fresh, old] {
            #expect(
                question.take(" Yes ") == .write && question.take("n") == .leave && question.take("what") == .again(["Type yes or no."]))
            guard case .again(let lines) = question.take("?") else {
                Issue.record("? was an answer")
                continue
            }
            #expect(lines[0].contains("nothing was written"))
        }
    }
}
