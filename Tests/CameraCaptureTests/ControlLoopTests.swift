import Linux
import Logging
import Synchronization
import TestSupport
import Testing

@testable import CameraCapture

@Suite("The control socket's thread", .timeLimit(.minutes(1)))
struct ControlLoopTests {
    @Test("if accept fails, the loop pauses instead of spinning, and still stops at once")
    func rests() throws {
        // Readable, but not a socket: every accept fails at once, as it does without descriptors.
        let listener = try EventDescriptor()
        listener.signal()
        let stop = try EventDescriptor()
        let (listenerNumber, stopNumber) = (listener.descriptor.number, stop.descriptor.number)
        let outcome = Outcome()
        let thread = try Thread("controls") {
            let logger = Logger(label: "test") { _ in RecordedLog().handler }
            let service = ControlService(CaptureOptions(), ControlPanel(), ControlStore(nil, logger), logger)
            let start = Clock.threadCPU
            try? ControlLoop(listenerNumber, stop: stopNumber, service).run()
            outcome.used.withLock { $0 = Clock.threadCPU - start }
        }
        // Long enough for a spinning thread to use much CPU time.
        Poll.wait([], milliseconds: 1500)
        stop.signal()
        thread.join()
        let used = outcome.used.withLock { $0 }
        #expect(used < 100_000_000)
        listener.clear()
    }

    private final class Outcome: Sendable {
        /// CPU time in nanoseconds.
        let used = Mutex<UInt64>(.max)
    }
}
