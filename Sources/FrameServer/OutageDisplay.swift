import Cameras
import Linux

/// Decides when viewers see an outage: only once it has lasted, and without flickering between reasons.
struct OutageDisplay {
    /// How long a new reason must last before it replaces the one on display.
    static let gracePeriodForChange: Duration = .milliseconds(200)

    /// The outage viewers see, if any.
    private(set) var shown: Outage?
    private var current: Outage?
    private var began = Instant.distantPast
    private var changed = Instant.distantPast

    /// Ends the outage: frames arrive again.
    mutating func end() {
        guard current != nil || shown != nil else { return }
        self = OutageDisplay()
    }

    /// Updates the current outage; returns whether to show it to viewers now.
    ///
    /// A final outage is shown immediately if viewers see nothing else (`hasPicture` is false).
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
