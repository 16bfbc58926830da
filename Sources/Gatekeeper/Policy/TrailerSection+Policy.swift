extension TrailerSection {
    /// Not passed on; what is forbidden in a request is refused before it comes to this.
    package static func dropped(passingUnderscores: Bool = false) -> KnownFieldSet {
        .of(.contentType, .contentEncoding, .contentRange, .cacheControl, .location, .date, .origin, .referer, .ifMatch)
            .union(forbidden).union(ForwardedFields.fields(passingUnderscores: passingUnderscores))
    }
}
