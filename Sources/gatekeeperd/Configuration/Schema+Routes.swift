/// The keys of a route beside its methods and path.
extension Schema {
    static let routeConditions = [
        Setting(
            path: "routes[].preset", rule: .field(form: "the name of a ticket system, as `gatekeeperd presets` has it"),
            summary: "What its clients need, in place of methods and path; each line's source is told there. Switches no other key."),
        Setting(path: "routes[].base", rule: .field(form: "/PATH"), summary: "What an installation has before a preset's paths."),
        Setting(
            path: "routes[].from", rule: .texts(form: "a list of labels"),
            summary:
                "Whom the route is for: sources whose entry in allow has one of these labels, or whose grant was given one; without this key "
                + "everybody who is admitted."),
        Setting(
            path: "routes[].query", rule: .section,
            summary: "Which keys the query may have. One that two servers could read differently is refused; values aren't looked at."),
        Setting(path: "routes[].query.allow", rule: .fields(form: "a list of keys"), summary: "These alone; [] lets no query through."),
        Setting(path: "routes[].query.deny", rule: .fields(form: "a list of keys"), summary: "All but these."),
    ]
}
