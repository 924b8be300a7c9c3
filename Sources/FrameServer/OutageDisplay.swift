import Cameras
import Linux

/// Decides when viewers see an outage.
///
/// Viewers see an outage only after it has lasted for a while. A new reason must also last for a while before it
/// replaces the reason that they see.
struct OutageDisplay {
    /// How long a new reason must last before it replaces the reason that viewers see.
    static let gracePeriodForChange: Duration = .milliseconds(200)

    /// The outage that viewers see; nil if they see none.
    private(set) var shown: Outage?
    /// The current outage; nil if there is none.
    private var current: Outage?
    /// When the outage began.
    private var began = Instant.distantPast
    /// When the reason for the outage last changed.
    private var changed = Instant.distantPast

    /// Ends the outage, because frames arrive again.
    mutating func end() {
        guard current != nil || shown != nil else { return }
        self = OutageDisplay()
    }

    /// Sets the current outage, or nil if there is none; returns whether viewers must now be shown `outage`.
    ///
    /// A final outage is displayed immediately if viewers see no picture yet, that is, if `hasPicture` is false. An
    /// outage that viewers already see continues until ``end()`` is called, even if `outage` is nil.
    mutating func update(_ outage: Outage?, now: Instant, hasPicture: Bool) -> Bool {
        guard let outage else {
            if shown == nil { current = nil }
            return false
        }
        if current == nil { began = now }
        if current != outage { changed = now }
        current = outage
        guard shown != outage else { return false }
        let isDue =
            if shown != nil {
                now - changed >= Self.gracePeriodForChange
            } else if hasPicture || !outage.isFinal {
                now - began >= Outage.gracePeriod
            } else { true }
        if isDue { shown = outage }
        return isDue
    }
}
