import Synchronization

/// The reasons why this process cannot write some of its rings.
///
/// While there is a reason, a ring of that name contains nothing of this process, if there is one at all. All readers
/// in this process then treat the ring as unreadable, and their ``FrameSubscriber/refusal`` is the reason.
public final class WriterProblems: Sendable {
    public static let shared = WriterProblems()

    private let sentences = Mutex<[RingName: String]>([:])
    /// The number of problems, so that readers need the lock only if there are any.
    private let count = Atomic(0)

    /// Sets the reason why `ring` cannot be written, in one sentence; nil means that it can.
    public func set(_ sentence: String?, for ring: RingName) {
        sentences.withLock {
            $0[ring] = sentence
            count.store($0.count, ordering: .releasing)
        }
    }

    /// Returns the reason why `ring` cannot be written, or nil if this process does not write it or has no problem.
    func sentence(for ring: RingName) -> String? {
        guard count.load(ordering: .acquiring) > 0 else { return nil }
        return sentences.withLock { $0[ring] }
    }
}
