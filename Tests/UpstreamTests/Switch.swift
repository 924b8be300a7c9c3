import Synchronization

/// A flag shared by all threads.
final class Switch: Sendable {
    private let flag = Atomic(false)

    var isOn: Bool { flag.load(ordering: .acquiring) }

    func turnOn() { flag.store(true, ordering: .releasing) }

    func turnOff() { flag.store(false, ordering: .releasing) }
}
