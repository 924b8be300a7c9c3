public import EventLoop
public import Linux
import Synchronization

/// Runs slow work for an event loop on a separate thread, in the order in which it was added.
///
/// All methods must be called on the event loop, which must call ``deliver()`` whenever the queue has raised its
/// signal. The thread is started with the first job and runs as long as the queue exists.
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

    /// Creates a queue that raises `signal` when a job is done.
    ///
    /// The kernel truncates the thread's `name` to 15 bytes. Throws if no descriptor is available.
    public init(_ name: String, _ signal: LoopSignal) throws(SystemError) {
        self.name = name
        shared = try Shared(signal)
    }

    deinit {
        shared.isEnding.store(true, ordering: .releasing)
        shared.arrived.signal()
    }

    /// The number of jobs whose results have not been delivered yet.
    public var count: Int { completions.count }

    /// Runs `work` on the thread, and then calls `completion` with the result of `work` on the event loop.
    ///
    /// Throws if the thread cannot be started. In that case neither closure is called.
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
