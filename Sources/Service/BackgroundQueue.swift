public import EventLoop
public import Linux
import Synchronization

/// A thread that does an event loop's long work: one piece after the other, in order.
///
/// It belongs to the loop's thread, which calls ``deliver()`` whenever the loop was signalled. The thread starts with the
/// first piece of work and lives as long as the queue.
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

    /// Throws if there are no descriptors; of `name` the kernel keeps the first 15 bytes.
    public init(_ name: String, _ signal: LoopSignal) throws(SystemError) {
        self.name = name
        shared = try Shared(signal)
    }

    deinit {
        shared.isEnding.store(true, ordering: .releasing)
        shared.arrived.signal()
    }

    /// Pieces of work whose results have not been delivered.
    public var count: Int { completions.count }

    /// Does `work` on the thread, and calls `completion` with its result on the loop's.
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

    /// Calls the completions of all work that is done.
    public func deliver() {
        for (id, result) in shared.done.take() { completions.removeValue(forKey: id)?(result) }
    }
}
