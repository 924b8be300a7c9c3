import Glibc
public import Linux

/// A line of a journal.
public struct JournalLine: Sendable {
    /// The JSON document, without the line feed.
    public let bytes: [UInt8]
    /// The place after the line, where reading continues.
    public let next: JournalPosition
}

/// Lines that were read from a journal.
public struct JournalBatch: Sendable {
    public var lines: [JournalLine] = []
    /// The place where reading continues.
    public var next: JournalPosition
    /// Whether the journal had no more lines.
    public var isAtEnd = false
    /// Whether the lines at the requested position no longer exist, so that reading began with the oldest file.
    public var isGone = false
}

// Reading. Files are opened for each batch, so that reading needs no state, and no descriptor between two batches.
extension JournalFolder {
    /// Returns the end of the journal, or ``JournalPosition/start`` if the journal does not exist yet.
    public func end() throws(SystemError) -> JournalPosition {
        guard let descriptor = try Descriptor.openIfExists(current, flags: O_RDONLY),
            case .file(let number) = try readHeader(descriptor)
        else {
            // The current file is missing for a moment after it has been renamed.
            guard let newest = try finishedFiles.last, let status = try? FileStatus(at: file(newest)) else {
                return .start
            }
            return JournalPosition(file: newest, offset: status.byteCount)
        }
        return JournalPosition(file: number, offset: try descriptor.status().byteCount)
    }

    /// Reads complete lines that follow `position`.
    ///
    /// - Parameters:
    ///   - position: Where to begin. Lines of later files follow automatically.
    ///   - byteCount: About how many bytes to read at most; at least ``maximumLineByteCount``.
    /// - Returns: The lines. If the file of `position` no longer exists, they begin with the oldest file.
    /// - Throws: If a file cannot be read.
    public func read(from position: JournalPosition, byteCount: Int = 64 << 10) throws(SystemError) -> JournalBatch {
        var batch = JournalBatch(next: position)
        var remaining = max(byteCount, Self.maximumLineByteCount)
        while remaining > 0 {
            // Look for the current file first. If it is renamed after that, it is read to its end by its new name, or
            // in the next batch.
            let current = try currentNumber
            let number = batch.next.file
            // Do not list the folder for each batch at the end of the journal, because it may contain many files.
            let files = number == current ? [number] : try files(upTo: current)
            guard files.contains(number), let descriptor = try open(number) else {
                // If the file was removed just now, or is only a dangling link, continue with the next file.
                let isListed = files.contains(number)
                guard let next = isListed ? files.first(where: { $0 > number }) : files.first else {
                    batch.isAtEnd = true
                    return batch
                }
                if number != 0 { batch.isGone = true }
                batch.next = JournalPosition(file: next, offset: 0)
                continue
            }
            let count = try read(descriptor, remaining, &batch)
            remaining -= count
            guard count == 0 else { continue }
            guard let next = files.first(where: { $0 > number }) else {
                batch.isAtEnd = true
                return batch
            }
            batch.next = JournalPosition(file: next, offset: 0)
        }
        return batch
    }

    /// The number of the file that is being written; nil if it does not exist or is not a journal.
    private var currentNumber: Int64? {
        get throws(SystemError) {
            guard let descriptor = try Descriptor.openIfExists(current, flags: O_RDONLY),
                case .file(let number) = try readHeader(descriptor)
            else { return nil }
            return number
        }
    }

    /// Returns the numbers of the finished files and of the current file, in ascending order.
    private func files(upTo current: Int64?) throws(SystemError) -> [Int64] {
        guard let current else { return try finishedFiles }
        // A file with a larger number is not a part of this journal.
        return try finishedFiles.filter { $0 < current } + [current]
    }

    /// Opens the file with the given number, whether it is finished or not; returns nil if it does not exist.
    private func open(_ number: Int64) throws(SystemError) -> Descriptor? {
        if let descriptor = try Descriptor.openIfExists(current, flags: O_RDONLY),
            try readHeader(descriptor) == .file(number)
        {
            return descriptor
        }
        return try Descriptor.openIfExists(file(number), flags: O_RDONLY)
    }

    /// Appends the complete lines of one file to `batch`; returns how many bytes they have.
    private func read(
        _ descriptor: borrowing Descriptor, _ byteCount: Int, _ batch: inout JournalBatch
    ) throws(SystemError) -> Int {
        let start = batch.next.offset
        let bytes = try descriptor.read(at: start, count: max(byteCount, Self.maximumLineByteCount))
        // An offset behind the end was valid in a file that has since been replaced, for example by a backup.
        if bytes.isEmpty, start > (try descriptor.status().byteCount) {
            batch.isGone = true
            batch.next = JournalPosition(file: batch.next.file, offset: 0)
            return try read(descriptor, byteCount, &batch)
        }
        var lineStart = 0
        while let end = bytes[lineStart...].firstIndex(of: UInt8(ascii: "\n")) {
            batch.next = JournalPosition(file: batch.next.file, offset: start + end + 1)
            // The first line of a file is its header.
            if start + lineStart > 0 {
                batch.lines.append(JournalLine(bytes: Array(bytes[lineStart..<end]), next: batch.next))
            }
            lineStart = end + 1
        }
        // Skip a line that is longer than any line that the writer writes.
        if lineStart == 0, bytes.count >= Self.maximumLineByteCount {
            batch.next = JournalPosition(file: batch.next.file, offset: start + bytes.count)
            return bytes.count
        }
        return lineStart
    }
}
