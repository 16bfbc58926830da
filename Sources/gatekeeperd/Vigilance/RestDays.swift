internal import Gatekeeper

/// Days on which offices rest in much of the world: New Year, Good Friday and Easter Monday, the first of May, Thanksgiving and the day after,
/// and all from Christmas Eve to the end of the year. A source that rests at weekends isn't missed on them.
///
/// National holidays are another matter: nobody can list them all, so that a day of rest which isn't known is allowed for (`Rhythm`).
enum RestDays {
    /// Where offices rest.
    enum Extent {
        case nowhere
        /// In some countries, and not in others.
        case somewhere
        case nearlyEverywhere
    }

    static func contains(_ day: Int64) -> Bool { extent(of: day) != .nowhere }

    /// - Parameter day: since 1970-01-01; not negative.
    static func extent(of day: Int64) -> Extent {
        let date = CivilDate(daysSince1970: day)
        switch date.month {
        case 1: return date.day == 1 ? .nearlyEverywhere : .nowhere
        case 3, 4:
            let easter = easterSunday(of: date.year)
            return day == easter - 2 || day == easter + 1 ? .somewhere : .nowhere
        case 5: return date.day == 1 ? .somewhere : .nowhere
        // The fourth Thursday; 1970 began with one.
        case 11:
            let isThanksgiving = day % 7 == 0 && (22...28).contains(date.day) || day % 7 == 1 && (23...29).contains(date.day)
            return isThanksgiving ? .somewhere : .nowhere
        case 12: return date.day >= 24 ? .nearlyEverywhere : .nowhere
        default: return .nowhere
        }
    }

    /// By the Gregorian calendar (the method of Meeus, Jones and Butcher), in days since 1970-01-01.
    static func easterSunday(of year: Int64) -> Int64 {
        let (a, b, c) = (year % 19, year / 100, year % 100)
        let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30
        let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7
        let m = (a + 11 * h + 22 * l) / 451
        let sum = h + l - 7 * m + 114
        return CivilDate(year: year, month: sum / 31, day: sum % 31 + 1).daysSince1970
    }
}
