import Glibc
import Linux
import SystemPackage

/// Appends lines to a journal; use it on one thread at a time.
///
/// Only one process at a time owns a journal; its lock is byte 1 of the file `lock`. Byte 0 is locked while a line is
/// appended, so that other programs can append lines too.
public final class JournalWriter {
    /// When the owner begins a new file, and when it removes old files.
    public struct Limits: Sendable {
        /// The size at which a new file is begun.
        public var byteCount = 16 << 20
        /// The age at which a new file is begun.
        public var age = Duration.seconds(24 * 60 * 60)
        /// How long a file is kept after its last line was written.
        public var retention = Duration.seconds(7 * 24 * 60 * 60)

        public init() {}
    }

    public let folder: JournalFolder
    private let limits: Limits
    private let lock: Descriptor
    private var current: OpenFile
    private let onRemoval: (Int64) -> Void

    /// The file to which lines are appended.
    private struct OpenFile: ~Copyable {
        let descriptor: Descriptor
        let number: Int64
        var byteCount: Int
        let opened = Instant.now
    }

    /// Creates the folder and the current file if they do not exist, and becomes the owner of the journal.
    ///
    /// - Parameters:
    ///   - folder: The journal's folder.
    ///   - limits: When to begin a new file, and when to remove old files.
    ///   - onRemoval: Called after lines have been removed, with a time in milliseconds since 1970: all lines that were
    ///     written before this time are gone.
    /// - Throws: ``JournalError/inUse(_:)`` if the journal has another owner, ``JournalError/newerFormat(_:)`` if the
    ///   current file has a newer format, or ``JournalError/system(_:)`` if a file cannot be created.
    public init(
        owning folder: JournalFolder, limits: Limits = Limits(), onRemoval: @escaping (Int64) -> Void = { _ in }
    ) throws(JournalError) {
        self.folder = folder
        self.limits = limits
        self.onRemoval = onRemoval
        lock = try Self.lock(of: folder)
        // Remove old files first: if the disk is full, this may make the room for a new file.
        try Self.removeOldFiles(of: folder, limits, onRemoval)
        current = try Self.openCurrent(folder)
    }

    /// Begins a new file if the current one is too old, and removes old files; call this regularly.
    public func maintain() throws(JournalError) {
        if current.byteCount > folder.header(number: current.number).count, isOld { try beginFile() }
        try Self.removeOldFiles(of: folder, limits, onRemoval)
    }

    /// The place after the last line.
    public var end: JournalPosition { JournalPosition(file: current.number, offset: current.byteCount) }

    /// Appends a line, and begins a new file first if the current file is full or too old.
    ///
    /// - Parameter line: A JSON document without a line feed; the longest one has
    ///   ``JournalFolder/maximumLineByteCount`` - 1 bytes.
    /// - Returns: The place after the line.
    /// - Throws: An error if the line is not completely written. In that case the file is restored, so that no part of
    ///   the line remains.
    @discardableResult
    public func append(_ line: [UInt8]) throws(JournalError) -> JournalPosition {
        precondition(line.count < JournalFolder.maximumLineByteCount && !line.contains(UInt8(ascii: "\n")))
        try systemErrors { () throws(SystemError) in
            while try !FileLock.waitForLock(lock, byte: 0) {}
        }
        defer { FileLock.unlock(lock, byte: 0) }
        try reopenIfReplaced()
        if isFull(for: line.count + 1) { try beginFile() }
        let bytes = line + [UInt8(ascii: "\n")]
        do throws(SystemError) {
            guard try current.descriptor.write(bytes) == bytes.count else {
                // The disk became full within the line.
                current.descriptor.truncate(to: current.byteCount)
                throw SystemError("write", "\(folder.current)", .noSpace)
            }
        } catch {
            throw .system(error)
        }
        current.byteCount += bytes.count
        return end
    }

    private func isFull(for count: Int) -> Bool { current.byteCount + count > limits.byteCount || isOld }

    /// Whether the current file is too old.
    ///
    /// If the clock was wrong when the file was created, its number may be in the future. The file then counts as old
    /// when this process has written it for long enough.
    private var isOld: Bool {
        .milliseconds(Self.milliseconds - current.number) > limits.age || .now - current.opened > limits.age
    }

    private static var milliseconds: Int64 { Int64(clamping: Clock.realtime / 1_000_000) }

    /// Renames the current file, and creates a new one.
    private func beginFile() throws(JournalError) {
        File.move(folder.current, to: folder.file(current.number))
        try Self.removeOldFiles(of: folder, limits, onRemoval)
        current = try Self.openCurrent(folder)
    }

    /// Opens the current file again if somebody has renamed or removed it, or has changed its size.
    private func reopenIfReplaced() throws(JournalError) {
        let status = try? FileStatus(at: folder.current)
        let own = try? current.descriptor.status()
        guard let status, let own, status.isSameFile(as: own), own.byteCount == current.byteCount else {
            current = try Self.openCurrent(folder)
            return
        }
    }

    /// Creates the folder and takes the owner's lock.
    private static func lock(of folder: JournalFolder) throws(JournalError) -> Descriptor {
        do throws(SystemError) {
            try Folder.make(folder.path, permissions: 0o750)
            let lock = try Descriptor(opening: folder.lock, flags: O_RDWR | O_CREAT, mode: 0o640)
            if try FileLock.tryLock(lock, byte: 1, .exclusive) { return lock }
        } catch {
            throw .system(error)
        }
        throw .inUse(folder.path)
    }

    private static func openCurrent(_ folder: JournalFolder) throws(JournalError) -> OpenFile {
        let newest = try systemErrors { () throws(SystemError) in try folder.finishedFiles.last ?? 0 }
        var descriptor = try systemErrors { () throws(SystemError) in try open(folder) }
        var header = try systemErrors { () throws(SystemError) in try folder.readHeader(descriptor) }
        if case .newer = header { throw .newerFormat(folder.current) }
        // A file without a header was created just before a power failure, or is not a journal. Keep it, unless it is
        // empty.
        let size = try systemErrors { () throws(SystemError) in try descriptor.status().byteCount }
        if case .invalid = header, size > 0 {
            File.move(folder.current, to: folder.path.appending("damaged.\(milliseconds).jsonl"))
            descriptor = try systemErrors { () throws(SystemError) in try open(folder) }
        }
        if case .invalid = header {
            let number = max(milliseconds, newest + 1)
            try systemErrors { () throws(SystemError) in _ = try descriptor.write(folder.header(number: number)) }
            header = .file(number)
        }
        guard case .file(let number) = header else { throw .newerFormat(folder.current) }
        var byteCount = 0
        try systemErrors { () throws(SystemError) in
            byteCount = try descriptor.status().byteCount
            // A power failure may leave an incomplete line. Readers skip it, because it is not valid JSON.
            if try descriptor.read(at: byteCount - 1, count: 1) != [UInt8(ascii: "\n")] {
                _ = try descriptor.write([UInt8(ascii: "\n")])
                byteCount += 1
            }
        }
        return OpenFile(descriptor: descriptor, number: number, byteCount: byteCount)
    }

    private static func open(_ folder: JournalFolder) throws(SystemError) -> Descriptor {
        try Descriptor(opening: folder.current, flags: O_RDWR | O_APPEND | O_CREAT, mode: 0o640)
    }

    /// Removes finished files whose last line is too old.
    private static func removeOldFiles(
        of folder: JournalFolder, _ limits: Limits, _ onRemoval: (Int64) -> Void
    ) throws(JournalError) {
        let oldest = milliseconds - limits.retention.nanoseconds / 1_000_000
        let files = try systemErrors { () throws(SystemError) in try folder.finishedFiles }
        for (index, number) in files.enumerated() {
            let path = folder.file(number)
            // The next file was created when this one was finished. The numbers are wrong if the clock was, so the time
            // of the last change counts too.
            let next = index + 1 < files.count ? files[index + 1] : milliseconds
            let changed = (try? FileStatus(at: path)).map { Int64(clamping: $0.modified / 1_000_000) } ?? next
            let end = min(next, changed)
            guard end < oldest else { continue }
            File.remove(path)
            onRemoval(end)
        }
    }
}

/// Runs `body`, and converts its error to a ``JournalError``.
private func systemErrors<Value: ~Copyable>(
    _ body: () throws(SystemError) -> Value
) throws(JournalError) -> Value {
    do throws(SystemError) {
        return try body()
    } catch {
        throw .system(error)
    }
}
