import EventLoop
import Glibc
import Linux
import Service
import SystemPackage
import TestSupport
import Testing

@Suite struct BackgroundQueueTests {
    @Test(
        "jobs run in order on another thread, and their results are delivered on the event loop's thread",
        .timeLimit(.minutes(1)))
    func results() throws {
        let loop = try EventLoop()
        let queue = try BackgroundQueue("queue test", loop.signal)
        loop.onSignal = { queue.deliver() }
        let own = pthread_self()
        var results: [Int] = []
        var threads: Set<pthread_t> = []
        for number in 1...100 {
            try queue.run({ (number, pthread_self()) }) { (result: (Int, pthread_t)) in
                #expect(pthread_self() == own)
                results.append(result.0)
                threads.insert(result.1)
            }
        }
        #expect(queue.count == 100)
        let deadline = Deadline(seconds: 10)
        while queue.count > 0, !deadline.isOver { try loop.turn(timeout: .milliseconds(100)) }
        #expect(results == Array(1...100))
        #expect(threads.count == 1)
        #expect(!threads.contains(own))
    }

    @Test("when a queue is released, its thread exits, and no more results are delivered", .timeLimit(.minutes(1)))
    func end() throws {
        let loop = try EventLoop()
        let name = "queue end test"
        var queue: BackgroundQueue? = try BackgroundQueue(name, loop.signal)
        var result: Int?
        loop.onSignal = { queue?.deliver() }
        try queue?.run({ 1 }) { result = $0 }
        let deadline = Deadline(seconds: 10)
        while result == nil, !deadline.isOver { try loop.turn(timeout: .milliseconds(100)) }
        #expect(Self.threadNames.contains(name))
        let isDone = Handover<Bool>()
        try queue?.run({ isDone.give(true) }) { _ in Issue.record("a result came after the queue was released") }
        _ = isDone.take()
        queue = nil
        #expect(eventually { !Self.threadNames.contains(name) })
        try loop.turn(timeout: .zero)
    }

    /// The names of this process's threads.
    private static var threadNames: [String] {
        let folder: FilePath = "/proc/self/task"
        return Folder.names(in: folder).compactMap { thread in
            let bytes = try? File.contents(of: folder.appending(thread).appending("comm"))
            return bytes.map { String(decoding: $0.dropLast(), as: UTF8.self) }
        }
    }
}
