import Linux
import Synchronization

/// Tells a thread to end.
final class StopSignal: Sendable {
    /// Readable once the signal is set, for ever.
    let alarm: EventDescriptor
    private let flag = Atomic(false)

    init() throws(SystemError) {
        alarm = try EventDescriptor()
    }

    var isSet: Bool { flag.load(ordering: .acquiring) }

    func set() {
        flag.store(true, ordering: .releasing)
        alarm.signal()
    }
}
