import Synchronization

/// The model that the process currently uses, which one thread loads and others use.
public final class CurrentModel: Sendable {
    public enum State: Sendable {
        case loading
        case ready(Detector.LoadedModel)
        /// The reason why there is no usable model or runtime.
        case unavailable(DetectionError)
    }

    private let content = Mutex<(generation: UInt64, state: State)>((0, .loading))

    private let checker = Mutex<(@Sendable () -> Void)?>(nil)

    public init() {}

    /// Sets the closure that ``requestCheck()`` calls.
    public func onCheck(_ body: @escaping @Sendable () -> Void) {
        checker.withLock { $0 = body }
    }

    /// Asks the thread that loads the model to check whether its files have changed.
    public func requestCheck() { checker.withLock { $0 }?() }

    /// The state, and a number that changes whenever the state is replaced.
    public var value: (generation: UInt64, state: State) { content.withLock { $0 } }

    /// Replaces the state.
    public func set(_ state: State) {
        content.withLock { $0 = ($0.generation + 1, state) }
    }
}
