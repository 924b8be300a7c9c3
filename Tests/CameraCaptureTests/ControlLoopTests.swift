import Linux
import Logging
import Synchronization
import TestSupport
import Testing

@testable import CameraCapture

@Suite("The control socket's thread", .timeLimit(.minutes(1)))
struct ControlLoopTests {
    @Test("if accept fails, the loop pauses instead of spinning, and still stops when asked to")
    func rests() throws {
        // This descriptor is readable but is not a socket, so every accept fails at once, as it does when the
        // process has no descriptors left.
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
        // Wait long enough for a spinning thread to use much CPU time.
        Poll.wait([], milliseconds: 1500)
        stop.signal()
        thread.join()
        let used = outcome.used.withLock { $0 }
        #expect(used < 100_000_000)
        listener.clear()
    }

    private final class Outcome: Sendable {
        /// The CPU time of the loop's thread, in nanoseconds.
        let used = Mutex<UInt64>(.max)
    }
}
