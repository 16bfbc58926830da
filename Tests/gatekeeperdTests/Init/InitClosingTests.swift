import Testing

@testable import gatekeeperd

@Suite("The commands that init names at its end")
struct InitClosingTests {
    private let configuration = InitConfiguration(listen: ["0.0.0.0:443", "[::]:443"], name: "tickets.example.org")

    @Test(
        "are those that fit the service as it is",
        arguments: [
            (InitClosing.Service.stopped(isEnabled: true), "systemctl start gatekeeperd"),
            (.stopped(isEnabled: false), "systemctl enable --now gatekeeperd"), (.running, "systemctl reload gatekeeperd"),
            (.none, "gatekeeperd run --config '/a b.yaml'"),
        ])
    func start(service: InitClosing.Service, command: String) {
        let closing = InitClosing(configuration: configuration, path: "/a b.yaml", service: service)
        #expect(closing.lines(isFine: true).prefix(3) == ["Next:", "  \(command)", "  curl -i https://tickets.example.org/"])
        #expect(closing.lines(isFine: false)[0].contains("gatekeeperd check --config '/a b.yaml'"))
    }

    @Test("with a certificate that is ordered, also the one that says how the order stands")
    func order() {
        var ordered = configuration
        ordered.acme = ["tickets.example.org"]
        let lines = InitClosing(configuration: ordered, path: "/a", service: .running).lines(isFine: true)
        #expect(lines.contains("  gatekeeperd certificates") && lines.contains("  curl -i https://tickets.example.org/"))
        #expect(
            !InitClosing(configuration: configuration, path: "/a", service: .running).lines(isFine: true).joined().contains("certificates"))
    }

    @Test("the request goes to the port that is listened on")
    func port() {
        var other = configuration
        other.listen = ["127.0.0.1:8443"]
        #expect(InitClosing(configuration: other, path: "/a", service: .running).request == "curl -i https://tickets.example.org:8443/")
        #expect(InitClosing.service(for: "/not/the/usual.yaml") == .none)
    }
}
