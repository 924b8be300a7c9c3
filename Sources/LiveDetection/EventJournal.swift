import Daemon
import Events
import JSON
import Journal
import Linux
import Logging
import Synchronization
import SystemPackage

/// Writes events and the best pictures of objects to disk, on a thread of its own.
///
/// A slow or full disk never delays the cameras. Events wait in memory, and are dropped if too many are waiting.
final class EventJournal: Sendable {
    /// The number of waiting lines at which lines that are not important are dropped.
    private static let lineLimit = 1000
    /// The number of waiting lines at which all further lines are dropped.
    private static let hardLineLimit = 4000
    /// The maximum number of bytes of pictures that are waiting; further pictures are dropped.
    private static let pictureLimit = 16 << 20
    /// The minimum interval between two pictures of the same object.
    private static let pictureInterval = Duration.seconds(2)
    /// How often the age of the files is checked.
    private static let maintenanceInterval = Duration.seconds(600)
    /// The pause after the journal could not be written.
    private static let retryInterval = Duration.seconds(1)

    private let folder: JournalFolder
    private let log: Logger
    private let waiting = Mutex(Waiting())
    private let arrived: EventDescriptor
    private let isStopping = Atomic(false)
    private let hasFinished = Atomic(true)
    private let report = Mutex(Report())

    private struct Waiting {
        var lines: [[UInt8]] = []
        var pictures: [String: [UInt8]] = [:]
        var pictureByteCount = 0
    }

    /// What the status document says about the journal.
    struct Report {
        var written: UInt64 = 0
        var dropped: UInt64 = 0
        /// Why the journal cannot be written; empty if it can.
        var problem = ""
    }

    init(_ folder: JournalFolder, log: Logger) throws(SystemError) {
        self.folder = folder
        self.log = log
        arrived = try EventDescriptor()
    }

    var json: JSON {
        let report = report.withLock { $0 }
        return .object([
            ("folder", .text(folder.path.string)), ("written", .count(report.written)),
            ("waiting", .count(waiting.withLock { $0.lines.count })), ("dropped", .count(report.dropped)),
            ("problem", .text(report.problem)),
        ])
    }

    // MARK: For the cameras' threads

    /// Adds an event; `isImportant` is true for the first and the last event of an object.
    func add(_ record: EventRecord, isImportant: Bool) {
        guard let line = record.line else { return drop() }
        let isAccepted = waiting.withLock { waiting in
            guard waiting.lines.count < (isImportant ? Self.hardLineLimit : Self.lineLimit) else { return false }
            waiting.lines.append(line)
            return true
        }
        if isAccepted { arrived.signal() } else { drop() }
    }

    /// Adds the best picture so far of the object with the given ID.
    func addPicture(_ jpeg: [UInt8], id: String) {
        waiting.withLock { waiting in
            let count = waiting.pictureByteCount - (waiting.pictures[id]?.count ?? 0) + jpeg.count
            guard count <= Self.pictureLimit else { return }
            waiting.pictures[id] = jpeg
            waiting.pictureByteCount = count
        }
        arrived.signal()
    }

    private func drop() { report.withLock { $0.dropped += 1 } }

    // MARK: The thread

    func start() throws(SystemError) {
        hasFinished.store(false, ordering: .relaxed)
        do throws(SystemError) {
            try Thread("event journal") { [self] in
                run()
                hasFinished.store(true, ordering: .releasing)
            }.detach()
        } catch {
            hasFinished.store(true, ordering: .relaxed)
            throw error
        }
    }

    /// Asks the thread to write what is waiting and to end, without waiting for it.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        arrived.signal()
    }

    var isFinished: Bool { hasFinished.load(ordering: .acquiring) }

    private func run() {
        var writer: JournalWriter?
        var pictureTimes: [String: Instant] = [:]
        var nextMaintenance = Instant.now + Self.maintenanceInterval
        while true {
            let mustStop = isStopping.load(ordering: .acquiring)
            do throws(JournalError) {
                if writer == nil { writer = try open() }
                // Write pictures first, so that a client finds the picture of an event that it has received.
                try writePictures(&pictureTimes, isLast: mustStop)
                if let writer {
                    try writeLines(to: writer)
                    if .now >= nextMaintenance {
                        nextMaintenance = .now + Self.maintenanceInterval
                        try writer.maintain()
                    }
                }
                solved()
            } catch {
                complain(error)
                if mustStop { return }
                Poll.wait([], milliseconds: Self.retryInterval.millisecondsRoundedUp)
                continue
            }
            if mustStop { return }
            let hasPictures = waiting.withLock { !$0.pictures.isEmpty }
            let pause = hasPictures ? Self.pictureInterval : Self.maintenanceInterval
            Poll.wait([arrived.descriptor.number], milliseconds: pause.millisecondsRoundedUp)
            arrived.clear()
        }
    }

    /// Opens the journal, and ends the objects that an earlier process has left without an `end` event.
    private func open() throws(JournalError) -> JournalWriter {
        let path = folder.path
        let writer = try JournalWriter(owning: folder) { end in Self.removePictures(in: path, before: end) }
        for name in Folder.names(in: path) where name.hasSuffix(".jpg.new") { File.remove(path.appending(name)) }
        for record in try unfinished() {
            if let line = record.endedByRestart()?.line { try writer.append(line) }
        }
        return writer
    }

    /// Returns the newest event of each object that has no `end` event; none if the thread must stop.
    private func unfinished() throws(JournalError) -> [EventRecord] {
        var open: [String: EventRecord] = [:]
        var position = JournalPosition.start
        while !isStopping.load(ordering: .acquiring) {
            let batch: JournalBatch
            do throws(SystemError) { batch = try folder.read(from: position, byteCount: 1 << 20) } catch {
                throw .system(error)
            }
            for line in batch.lines {
                guard let record = EventRecord(line: line.bytes), let id = record.id else { continue }
                open[id] = record.type == "end" ? nil : record
            }
            if batch.isAtEnd { return open.values.sorted { ($0.id ?? "") < ($1.id ?? "") } }
            position = batch.next
        }
        return []
    }

    private func writeLines(to writer: JournalWriter) throws(JournalError) {
        while let line = waiting.withLock({ $0.lines.first }) {
            try writer.append(line)
            waiting.withLock { _ = $0.lines.removeFirst() }
            report.withLock { $0.written += 1 }
        }
    }

    /// Writes the waiting pictures, but not those of objects that already had a picture a short time ago.
    private func writePictures(_ times: inout [String: Instant], isLast: Bool) throws(JournalError) {
        let now = Instant.now
        times = times.filter { now - $0.value < Self.pictureInterval }
        let due = waiting.withLock { waiting in waiting.pictures.filter { isLast || times[$0.key] == nil } }
        for (id, jpeg) in due {
            do throws(SystemError) {
                try File.replace(
                    EventPicture.path(of: id, in: folder.path), with: jpeg, permissions: 0o640, isDurable: false)
            } catch {
                throw .system(SystemError(error.call, "\(folder.path)", error.errno))
            }
            times[id] = now
            waiting.withLock { waiting in
                // A better picture may have arrived in the meantime.
                guard waiting.pictures[id] == jpeg else { return }
                waiting.pictures[id] = nil
                waiting.pictureByteCount -= jpeg.count
            }
        }
    }

    /// Removes the pictures of objects whose events began before `end`, in milliseconds since 1970.
    private static func removePictures(in folder: FilePath, before end: Int64) {
        for name in Folder.names(in: folder) {
            guard let id = EventPicture.id(ofFile: name), let time = EventPicture.milliseconds(ofID: id), time < end
            else { continue }
            File.remove(EventPicture.path(of: id, in: folder))
        }
    }

    private func complain(_ error: JournalError) {
        let isNew = report.withLock { report in
            defer { report.problem = error.description }
            return report.problem != error.description
        }
        if isNew { log.error("cannot write the event journal: \(error)") }
    }

    private func solved() {
        let wasBad = report.withLock { report in
            defer { report.problem = "" }
            return !report.problem.isEmpty
        }
        if wasBad { log.info("the event journal can be written again") }
    }
}
