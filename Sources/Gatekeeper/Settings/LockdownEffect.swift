/// What a lockdown makes of an entry of the allow-list.
public enum LockdownEffect: UInt8, Sendable {
    /// It admits as ever: there is no lockdown, or the entry is kept.
    case none
    /// Whom it would admit is turned away, also where a wider entry is kept: the narrowest entry says who somebody is.
    case shutOut
    /// As if it weren't there, so that a wider entry decides: a grant adds to the list, and shuts nobody out when it is gone.
    case passedOver
}
