import Testing

@testable import gatekeeperd

@Suite("Questions of init")
struct InterviewTests {
    @Test("empty answers stand for the usual values")
    func usual() {
        var interview = Interview(InitConfiguration())
        var prompts: [String] = []
        while interview.question != nil {
            prompts.append(interview.prompt)
            #expect(interview.take("") == nil)
        }
        #expect(prompts.count == 6)
        #expect(prompts.first == "The address and port to accept connections on [0.0.0.0:443]: ")
        #expect(
            interview.configuration
                == InitConfiguration(
                    listen: ["0.0.0.0:443"], certificate: "tls/fullchain.pem", key: "tls/privkey.pem", allow: [], preset: "tier2tickets",
                    upstream: "http://127.0.0.1:8080"))
        #expect(interview.configuration.mistakes.isEmpty && interview.configuration.gaps.isEmpty)
    }

    @Test("what a flag said isn't asked")
    func flags() {
        let all = InitConfiguration(
            listen: ["443"], certificate: "a", key: "b", allow: ["192.0.2.1"], preset: nil, upstream: "http://127.0.0.1:1")
        #expect(Interview(all).question == nil)
        var some = all
        some.upstream = nil
        some.allow = []
        var interview = Interview(some)
        #expect(interview.question == .preset)
        #expect(interview.take("none") == nil)
        #expect(interview.take("192.0.2.1,  2001:db8::/48") == nil)
        #expect(interview.question == .upstream)
        #expect(interview.take(" unix:/run/tickets.sock ") == nil)
        #expect(interview.configuration.allow == ["192.0.2.1", "2001:db8::/48"])
        #expect(interview.configuration.upstream == "unix:/run/tickets.sock")
    }

    @Test(
        "an answer that the configuration would refuse is refused at once, and the question stays",
        arguments: [
            (InitQuestion.listen, "443x", "443"), (.listen, "0.0.0.0:99999", "0.0.0.0:443"), (.certificate, "a\u{7}b", "a b.pem"),
            (.preset, "tier2ticket", "tier2tickets"), (.allow, "300.1.1.1", "192.0.2.1"), (.allow, "0.0.0.0/0", "192.0.2.0/24"),
            (.upstream, "ftp://x", "http://10.0.0.5:8080"),
        ])
    func mistakes(question: InitQuestion, wrong: String, right: String) {
        var interview = Interview(InitConfiguration())
        while interview.question != question { #expect(interview.take("") == nil) }
        let mistake = interview.take(wrong)
        #expect(mistake?.isEmpty == false)
        #expect(interview.question == question)
        #expect(question.values(in: interview.configuration).isEmpty)
        #expect(interview.take(right) == nil)
        #expect(question.values(in: interview.configuration) == [right])
    }

    @Test("without a vendor there must be an address")
    func nobody() {
        var interview = Interview(InitConfiguration(listen: ["443"], certificate: "a", key: "b"))
        #expect(interview.take("none") == nil)
        #expect(interview.take("")?.contains("nobody could connect") == true)
        #expect(interview.question == .allow)
    }

    @Test("what can't be assumed is missing, by its flag")
    func gaps() {
        #expect(
            InitConfiguration().completed.gaps == [
                "--allow or --preset is missing: who may connect", "--upstream is missing: where the ticket system listens",
            ])
    }
}
