import Events
import JSON
import Journal
import Linux
import Logging
import Service

/// The events that all event streams of this worker share.
///
/// One reader follows the journal for all streams that have received everything so far. A stream that is slow, or that
/// begins at an earlier event, reads the journal by itself until it has caught up. So a stream needs no memory for
/// events that it has not sent yet. Files are read on a separate thread.
///
/// Use it only from the thread of the event loop.
final class EventFeed {
    /// How many bytes a stream that reads the journal by itself reads at a time.
    static let batchByteCount = 32 << 10
    /// How often the state of the cameras is checked.
    private static let statusInterval = Duration.seconds(1)

    /// A line of the journal, prepared for sending.
    struct Item: Sendable {
        let type: String
        let camera: String
        let label: String?
        /// The event in the format of an event stream (HTML Standard, section 9.2.5), without its ID.
        let text: String
        let next: JournalPosition
    }

    /// What a job has read.
    struct Batch: Sendable {
        var items: [Item] = []
        var next: JournalPosition
        var isAtEnd = false
        var isGone = false
        var problem: String?
    }

    private let folder: JournalFolder
    private let queue: BackgroundQueue
    private let log: Logger
    private(set) var streams: [EventStreamExchange] = []
    /// The place up to which the shared reader has read; nil while no stream follows the journal.
    private(set) var position: JournalPosition?
    private var isReading = false
    /// Why the shared reader could not read, and why a stream could not read by itself; empty if they could.
    private var problem = ""
    private var replayProblem = ""
    /// The newest state of each camera, in the order in which they were first seen.
    private(set) var states: [(camera: String, item: Item, isGone: Bool)] = []
    private var statusDue = Instant.distantPast
    private var isReadingStates = false
    /// Reads the states of all cameras on another thread, and passes them to the closure; passes nil on failure.
    private let readStates: (@escaping ([Report.State]?) -> Void) -> Void

    init(
        _ folder: JournalFolder, _ queue: BackgroundQueue, log: Logger,
        readStates: @escaping (@escaping ([Report.State]?) -> Void) -> Void
    ) {
        self.folder = folder
        self.queue = queue
        self.log = log
        self.readStates = readStates
    }

    var isInUse: Bool { !streams.isEmpty }

    func add(_ stream: EventStreamExchange) {
        streams.append(stream)
        follow()
    }

    func remove(_ stream: EventStreamExchange) {
        streams.removeAll { $0 === stream }
        if streams.isEmpty {
            position = nil
            states = []
            statusDue = .distantPast
        }
    }

    /// Reads what is new; called four times a second.
    func tick(now: Instant) {
        guard isInUse else { return }
        follow()
        if now >= statusDue, !isReadingStates {
            statusDue = now + Self.statusInterval
            isReadingStates = true
            readStates { [weak self] states in
                self?.isReadingStates = false
                if let states, self?.isInUse == true { self?.update(states) }
            }
        }
    }

    // MARK: The journal

    private func follow() {
        guard !isReading else { return }
        isReading = true
        let (folder, position) = (folder, position)
        let isStarted = run { () -> Batch in
            if let position { return Self.read(folder, from: position, byteCount: 256 << 10) }
            do throws(SystemError) { return Batch(next: try folder.end()) } catch {
                return Batch(next: .start, problem: "\(error)")
            }
        } completion: { [weak self] batch in
            guard let self else { return }
            isReading = false
            guard isInUse, self.position == position, note(batch.problem) else { return }
            self.position = batch.next
            for stream in streams { stream.deliver(batch, from: position) }
            if !batch.isAtEnd, position != nil { follow() }
        }
        if !isStarted { isReading = false }
    }

    /// Reads the events after `position` for a stream that has not caught up.
    ///
    /// If they cannot be read, the batch that `completion` receives contains a problem. Returns false if the thread
    /// cannot be started.
    func replay(from position: JournalPosition, _ completion: @escaping (Batch) -> Void) -> Bool {
        let folder = folder
        return run {
            Self.read(folder, from: position, byteCount: Self.batchByteCount)
        } completion: { [weak self] batch in
            self?.noteReplay(batch.problem)
            completion(batch)
        }
    }

    private func run(_ work: @escaping @Sendable () -> Batch, completion: @escaping (Batch) -> Void) -> Bool {
        do throws(SystemError) {
            try queue.run(work, completion: completion)
            return true
        } catch {
            return note("\(error)")
        }
    }

    /// Logs a problem, but only once until it is solved; returns true if `problem` is nil.
    private func note(_ problem: String?) -> Bool {
        if let problem, problem != self.problem { log.error("cannot read the event journal: \(problem)") }
        self.problem = problem ?? ""
        return problem == nil
    }

    /// Logs a problem of a stream that reads by itself, but only once until such a stream can read again.
    private func noteReplay(_ problem: String?) {
        if let problem, problem != replayProblem { log.error("cannot read earlier events: \(problem)") }
        replayProblem = problem ?? ""
    }

    private static func read(_ folder: JournalFolder, from position: JournalPosition, byteCount: Int) -> Batch {
        let read: JournalBatch
        do throws(SystemError) { read = try folder.read(from: position, byteCount: byteCount) } catch {
            return Batch(next: position, problem: "\(error)")
        }
        var batch = Batch(next: read.next, isAtEnd: read.isAtEnd, isGone: read.isGone)
        for line in read.lines {
            // Skip a line that a power failure has cut.
            guard let record = EventRecord(line: line.bytes) else { continue }
            batch.items.append(
                Item(
                    type: record.type, camera: record.camera, label: record.label,
                    text: text(record.type, String(decoding: line.bytes, as: UTF8.self)), next: line.next))
        }
        return batch
    }

    /// Formats an event; `data` must not contain a line feed.
    static func text(_ type: String, _ data: String) -> String {
        let isName = type.utf8.allSatisfy { (0x61...0x7a).contains($0) }
        return "event: \(isName ? type : "unknown")\ndata: \(data)\n\n"
    }

    // MARK: The state of the cameras

    private func update(_ new: [Report.State]) {
        for state in new {
            let document = JSON.object([
                ("type", .text("status")), ("camera", .text(state.camera)), ("state", .text(state.state)),
                ("reason", .text(state.reason)), ("online", .bool(state.isOnline)),
            ])
            set(state.camera, Self.text("status", document.text), isGone: false)
        }
        for (camera, _, _) in states where !new.contains(where: { $0.camera == camera }) {
            let document = JSON.object([
                ("type", .text("status")), ("camera", .text(camera)), ("state", .text("gone")),
                ("reason", .text("the camera has been removed")), ("online", .bool(false)),
            ])
            // The state is kept, so that streams that are slow learn it too.
            set(camera, Self.text("status", document.text), isGone: true)
        }
    }

    /// Sends the state of a camera to all streams, unless it is unchanged.
    private func set(_ camera: String, _ text: String, isGone: Bool) {
        let item = Item(type: "status", camera: camera, label: nil, text: text, next: .start)
        if let index = states.firstIndex(where: { $0.camera == camera }) {
            guard states[index].item.text != text else { return }
            states[index] = (camera, item, isGone)
        } else {
            states.append((camera, item, isGone))
        }
        for stream in streams { stream.noteState(of: camera) }
    }
}
