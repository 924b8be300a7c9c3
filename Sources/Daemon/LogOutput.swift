import Linux
import Logging
import SystemPackage

/// The format of log lines.
public enum LogOutput: Equatable, Sendable {
    /// Lines such as `<4>text`. The journal reads the level from the prefix, and adds the time and the program
    /// (sd-daemon(3)).
    case journal
    /// Lines such as `12:34:56.789 warning capture-daemon: text`, for a terminal or a file.
    case plain

    /// Sends all log lines of the process to standard error.
    ///
    /// The environment variable `ORIEL_LOG_LEVEL` sets the minimum level, from `trace` to `critical`. The default is
    /// `info`. This function must be called once, before the first logger is created.
    public static func bootstrap() {
        let output = current
        let level = Environment.value("ORIEL_LOG_LEVEL").flatMap(Logger.Level.init(rawValue:)) ?? .info
        LoggingSystem.bootstrap { StandardErrorHandler(label: $0, output: output, level: level) }
    }

    /// `.journal` if standard error is connected to the journal, otherwise `.plain`.
    ///
    /// systemd sets `JOURNAL_STREAM=device:inode` to identify the journal's socket (systemd.exec(5)). If standard error
    /// was redirected after that, its device or inode is different.
    public static var current: LogOutput {
        guard let announced = Environment.value("JOURNAL_STREAM"),
            let file = try? FileStatus(of: FileDescriptor.standardError.rawValue)
        else { return .plain }
        return isJournal(announced: announced, device: file.device, inode: file.inode) ? .journal : .plain
    }

    static func isJournal(announced: String, device: UInt64, inode: UInt64) -> Bool {
        announced == "\(device):\(inode)"
    }

    /// The maximum length of a message in Unicode scalars.
    ///
    /// Longer messages are truncated.
    static let maximumMessageLength = 2000

    /// Returns a log line including its line break.
    ///
    /// The message may contain text from an untrusted source. Therefore line breaks are replaced by spaces, so that the
    /// text cannot forge log lines. Control characters and bidirectional formatting characters are removed, because a
    /// terminal would interpret them. Long messages are truncated.
    func line(_ level: Logger.Level, _ message: String, label: String, realtime: UInt64) -> String {
        let text = Self.sanitized(message)
        switch self {
        case .journal: return "<\(level.journalPriority)>\(text)\n"
        case .plain: return "\(LocalTime(realtime: realtime).time) \(level) \(label): \(text)\n"
        }
    }
}

extension LogOutput {
    private static func sanitized(_ message: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in message.unicodeScalars {
            if scalars.count == maximumMessageLength {
                scalars.append("…")
                break
            }
            switch scalar {
            case "\n" where scalars.last == " ": break
            case "\n", "\r", "\t", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}": scalars.append(" ")
            case "\u{200e}", "\u{200f}", "\u{61c}", "\u{202a}"..."\u{202e}", "\u{2066}"..."\u{2069}": break
            default:
                if scalar.properties.generalCategory != .control { scalars.append(scalar) }
            }
        }
        return String(scalars)
    }
}

/// Writes each log line to standard error with one write(2).
struct StandardErrorHandler: LogHandler {
    let label: String
    let output: LogOutput
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level

    init(label: String, output: LogOutput, level: Logger.Level) {
        self.label = label
        self.output = output
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var text = "\(event.message)"
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { text += " \(key)=\(value)" }
        writeToStandardError(output.line(event.level, text, label: label, realtime: Clock.realtime))
    }
}

/// Writes all of `text`; does nothing if standard error is closed.
package func writeToStandardError(_ text: String) {
    _ = try? FileDescriptor.standardError.writeAll(text.utf8)
}

extension Logger.Level {
    /// The level as a syslog(3) priority.
    var journalPriority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
