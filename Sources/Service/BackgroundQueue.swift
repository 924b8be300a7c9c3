public import EventLoop
public import Linux
import Synchronization

/// Runs an event loop's slow work on a thread of its own, in order.
///
/// Used only on the event loop, which calls ``deliver()`` whenever it has been signalled. The thread starts with the
/// first job and lives as long as the queue.
public final class BackgroundQueue {
    private typealias Work = @Sendable () -> any Sendable

    private final class Shared: Sendable {
        let pending = Mutex<[(id: UInt64, work: Work)]>([])
        let isEnding = Atomic(false)
        let arrived: EventDescriptor
        let done: Mailbox<(id: UInt64, result: any Sendable)>

        init(_ signal: LoopSignal) throws(SystemError) {
            arrived = try EventDescriptor()
            done = Mailbox(signal)
        }

        func run() {
            while !isEnding.load(ordering: .acquiring) {
                guard let (id, work) = pending.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else {
                    Poll.wait([arrived.descriptor.number], milliseconds: -1)
                    arrived.clear()
                    continue
                }
                done.post((id, work()))
            }
        }
    }

    private let name: String
    private let shared: Shared
    private var completions: [UInt64: (any Sendable) -> Void] = [:]
    private var nextID: UInt64 = 1
    private var isStarted = false

    /// Throws if no descriptor is available.
    ///
    /// The kernel truncates the thread's `name` to 15 bytes.
    public init(_ name: String, _ signal: LoopSignal) throws(SystemError) {
        self.name = name
        shared = try Shared(signal)
    }

    deinit {
        shared.isEnding.store(true, ordering: .releasing)
        shared.arrived.signal()
    }

    /// The number of jobs whose results have not been delivered.
    public var count: Int { completions.count }

    /// Runs `work` on the thread and calls `completion` with its result on the event loop.
    ///
    /// Throws if the thread cannot be started; then neither is called.
    public func run<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value, completion: @escaping (Value) -> Void
    ) throws(SystemError) {
        if !isStarted {
            let shared = shared
            try Thread(name) { shared.run() }.detach()
            isStarted = true
        }
        let id = nextID
        nextID += 1
        completions[id] = { result in if let result = result as? Value { completion(result) } }
        shared.pending.withLock { $0.append((id, work)) }
        shared.arrived.signal()
    }

    /// Calls the completions of all finished jobs.
    public func deliver() {
        for (id, result) in shared.done.take() { completions.removeValue(forKey: id)?(result) }
    }
}
