import Cameras
import Linux

/// When viewers are shown that something is wrong: not before it has lasted, and not each time that it flickers.
struct OutageDisplay {
    /// How long another reason must last before it replaces the one on display.
    static let gracePeriodForChange: Duration = .milliseconds(200)

    /// What viewers see.
    private(set) var shown: Outage?
    private var current: Outage?
    private var began = Instant.distantPast
    private var changed = Instant.distantPast

    /// Frames come.
    mutating func end() {
        guard current != nil || shown != nil else { return }
        self = OutageDisplay()
    }

    /// Takes what is wrong now; returns whether viewers are to be shown it.
    ///
    /// `hasPicture`: whether they see something meanwhile. Without it they see at once what will not change by itself.
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
