/// When viewers are told that something is wrong: not before it has lasted, and not each time that it flickers.
struct OutageShow {
    /// How long a camera may be away before viewers are told: long enough for most restarts to pass unseen.
    static let patience: UInt64 = 700_000_000
    /// How long another reason must last before it takes the place of the one on show.
    static let patienceForChange: UInt64 = 200_000_000

    /// What viewers have been told.
    private(set) var shown: Outage?
    private var current: Outage?
    private var began: UInt64 = 0
    private var changed: UInt64 = 0

    /// Pictures come.
    mutating func end() {
        guard current != nil || shown != nil else { return }
        self = OutageShow()
    }

    /// Takes in what is wrong now (monotonic ns); true when viewers are to be told.
    ///
    /// `hasPicture`: whether they see something meanwhile. Without it they are told at once what will not change by
    /// itself.
    mutating func shallShow(_ outage: Outage?, now: UInt64, hasPicture: Bool) -> Bool {
        guard let outage else {
            if shown == nil { current = nil }
            return false
        }
        if current == nil { began = now }
        if current != outage { changed = now }
        current = outage
        guard shown != outage else { return false }
        let isDue =
            if shown != nil { now - changed >= Self.patienceForChange } else if hasPicture || !outage.isFinal {
                now - began >= Self.patience
            } else { true }
        if isDue { shown = outage }
        return isDue
    }
}
