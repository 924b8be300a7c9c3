/// Makes the names of events: when they began, in seconds since 1970, and a salt, such as `1795816090.551-k3x9a2`.
///
/// No name is made twice: the time always grows by at least a millisecond, and the salt tells cameras and runs apart.
public struct EventIDs: Sendable {
    private let salt: String
    private var last: Int64

    /// - Parameters:
    ///   - salt: Letters and digits; different for each camera and each run of the program.
    ///   - last: Milliseconds since 1970 that all names shall follow, such as the newest one in the journal.
    public init(salt: String, after last: Int64 = 0) {
        self.salt = salt
        self.last = last
    }

    /// Returns the name of an event that began `milliseconds` after 1970, or a little later if that one is taken.
    public mutating func next(milliseconds: Int64) -> String {
        last = max(milliseconds, last + 1)
        let fraction = String(last % 1000)
        return "\(last / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction + "-" + salt
    }
}
