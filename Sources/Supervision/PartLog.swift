import Glibc
import Linux
import SystemPackage

/// The log file of a part.
struct PartLog {
    /// The size above which the file is renamed to PATH.old when the part is started.
    static let maximumByteCount = 4 << 20

    let path: FilePath
    /// The offset in the file at which the output of the current run begins.
    private var start = 0

    init(_ path: FilePath) { self.path = path }

    /// Opens the file for the output of a new run.
    mutating func open() throws(SystemError) -> Descriptor {
        if let status = try? FileStatus(at: path), status.byteCount > Self.maximumByteCount {
            File.move(path, to: FilePath(path.string + ".old"))
        }
        let descriptor = try Descriptor(opening: path, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o640)
        start = (try? descriptor.status().byteCount) ?? 0
        return descriptor
    }

    /// Returns the last lines of the current run.
    ///
    /// In each line, control characters are replaced with `?`. Lines longer than 300 characters are truncated.
    func lastLines(_ count: Int) -> [String] {
        guard let bytes = try? File.contents(of: path), bytes.count > start else { return [] }
        let lines = bytes[start...].suffix(8192).split(separator: UInt8(ascii: "\n"))
        return lines.suffix(count).map { line in
            let text = String(decoding: line, as: UTF8.self).unicodeScalars.map { scalar -> Character in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: "?"
                default: Character(scalar)
                }
            }
            return text.count > 300 ? String(text.prefix(300)) + "…" : String(text)
        }
    }
}
