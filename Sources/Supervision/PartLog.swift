import Glibc
import Linux
import SystemPackage

/// The log file of a part.
final class PartLog {
    /// The size above which the file is emptied while the part runs, or renamed to PATH.old when the part is started.
    static let maximumByteCount = 10 << 20
    /// How much of the end of a file that is emptied is kept as PATH.old.
    static let keptByteCount = 4 << 20

    let path: FilePath
    private let old: FilePath
    /// The file to which the part writes, which may no longer have its name.
    private var file: Descriptor?
    /// The offset in the file at which the output of the current run begins.
    private var start = 0

    init(_ path: FilePath) {
        self.path = path
        old = FilePath(path.string + ".old")
    }

    /// Opens the file for the output of a new run; returns a descriptor that is open as long as this log is.
    func open() throws(SystemError) -> CInt {
        if let status = try? FileStatus(at: path), status.byteCount > Self.maximumByteCount { File.move(path, to: old) }
        // The part shares this descriptor's flags. O_APPEND makes it continue at the beginning of an emptied file.
        let descriptor = try Descriptor(opening: path, flags: O_RDWR | O_CREAT | O_APPEND, mode: 0o640)
        start = (try? descriptor.status().byteCount) ?? 0
        let number = descriptor.number
        file = consume descriptor
        return number
    }

    /// What ``limit()`` has done.
    enum Limiting { case notNeeded, endKept, endLost }

    /// Empties the file if it is too large, and keeps its end as PATH.old, if that can be written.
    ///
    /// This works even if the file has been removed, because the part then still writes to it.
    func limit() -> Limiting {
        let size = byteCount
        guard size > Self.maximumByteCount else { return .notNeeded }
        let end = read(at: size - Self.keptByteCount, count: Self.keptByteCount)
        var isKept = false
        File.remove(old)
        if let copy = try? Descriptor(opening: old, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o640) {
            isKept = (try? copy.write(end)) == Self.keptByteCount
        }
        truncate()
        start = 0
        return isKept ? .endKept : .endLost
    }

    /// Returns the last lines of the current run.
    ///
    /// In each line, control characters are replaced with `?`. Lines longer than 300 characters are truncated.
    func lastLines(_ count: Int) -> [String] {
        let size = byteCount
        guard size > start else { return [] }
        let bytes = read(at: max(start, size - 8192), count: min(8192, size - start))
        return bytes.split(separator: UInt8(ascii: "\n")).suffix(count).map { line in
            let text = String(decoding: line, as: UTF8.self).unicodeScalars.map { scalar -> Character in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: "?"
                default: Character(scalar)
                }
            }
            return text.count > 300 ? String(text.prefix(300)) + "…" : String(text)
        }
    }

    private var byteCount: Int {
        switch file {
        case .some(let file): (try? file.status().byteCount) ?? 0
        case nil: 0
        }
    }

    private func read(at offset: Int, count: Int) -> [UInt8] {
        switch file {
        case .some(let file): (try? file.read(at: offset, count: count)) ?? []
        case nil: []
        }
    }

    private func truncate() {
        switch file {
        case .some(let file): file.truncate(to: 0)
        case nil: break
        }
    }
}
