/// Creates the IDs of events, such as `1795816090.551-k3x9a2`.
///
/// An ID consists of the time at which the event began, in seconds since 1970, and a salt. No ID is created twice: the
/// time is at least a millisecond later than in the previous ID, and each camera and each run of the program has its
/// own salt.
public struct EventIDs: Sendable {
    private let salt: String
    private var last: Int64

    /// - Parameters:
    ///   - salt: Letters and digits, which must differ for each camera and each run of the program.
    ///   - last: A time in milliseconds since 1970, such as the time in the newest ID of the journal. The times in all
    ///     new IDs are later.
    public init(salt: String, after last: Int64 = 0) {
        self.salt = salt
        self.last = last
    }

    /// Returns a new ID for an event that began at the given time, in milliseconds since 1970.
    ///
    /// If this time is not later than the time in the previous ID, the new ID contains the previous time plus one
    /// millisecond.
    public mutating func next(milliseconds: Int64) -> String {
        last = max(milliseconds, last + 1)
        let fraction = String(last % 1000)
        return "\(last / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction + "-" + salt
    }
}
