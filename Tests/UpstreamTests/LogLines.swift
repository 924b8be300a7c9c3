import Logging
import Synchronization

/// Records log lines, so that a test can read them.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    /// A logger; everything it logs is added to ``all``.
    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

    var all: [String] { lines.withLock { $0 } }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        init(lines: LogLines) {
            self.lines = lines
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.lines.withLock { $0.append("\(event.level) \(event.message)") }
        }
    }
}
