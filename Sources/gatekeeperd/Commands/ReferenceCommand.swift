internal import ArgumentParser

/// `gatekeeperd reference`: what is made from the tables in the source, for whoever packages or documents the program.
///
/// Without a name the reference of the configuration, as `make reference` puts it into the guide.
struct ReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Prints the reference of the configuration, a page of the manual, or a shell's completions.",
        discussion: "`gatekeeperd reference list` prints the names.", shouldDisplay: false)

    @Argument(help: "The name of a page; without it the reference of the configuration, as Markdown.")
    var page: String?

    func run() throws {
        guard let page else { return Console.say(Reference.page) }
        let manual = Manual(date: Manual.date()).pages
        if page == "list" {
            return Console.say((manual.map(\.file) + Completions.scripts.map(\.file)).joined(separator: "\n"))
        }
        guard let text = manual.first(where: { $0.file == page })?.text ?? Completions.scripts.first(where: { $0.file == page })?.text
        else {
            Console.complain("there is no page \(Quantity.quoted(page)); gatekeeperd reference list prints their names")
            throw ExitCode(ExitStatus.misuse)
        }
        // The last newline is printed behind it.
        Console.say(text.hasSuffix("\n") ? String(text.dropLast()) : text)
    }
}
