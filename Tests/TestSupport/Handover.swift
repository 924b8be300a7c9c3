import Linux
import Synchronization

/// Passes one value from one thread to another.
public final class Handover<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)

    public init() {}

    public func give(_ value: Value) { self.value.withLock { $0 = value } }

    /// Waits until another thread has given a value, and returns that value.
    public func take() -> Value {
        while true {
            if let value = value.withLock({ $0 }) { return value }
            Poll.wait([], milliseconds: 1)
        }
    }
}
