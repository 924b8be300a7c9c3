import Cameras
import EventLoop
import Linux
import Logging
import Names
import Service
import SharedFrame

/// The cameras that this worker knows.
///
/// A camera is opened when it is first used. Use it only from the thread of the event loop.
final class CameraTable {
    /// The maximum number of descriptors of a camera in use.
    ///
    /// Two of them are for its ring. The others are for picture files, for pipes, and for waking threads.
    private static let descriptorsOfUsedCamera = 12
    /// The number of descriptors of a camera that only reports use; they need only a descriptor for the camera's ring.
    private static let descriptorsOfUnusedCamera = 1

    private let directory: CameraDirectory
    private let counters: ServiceCounters
    private let log: Logger
    private var cameras: [CameraName: Camera] = [:]
    /// The reasons why cameras could not be opened.
    private var problems: [CameraName: String] = [:]
    /// The problem that the last check of the rings' folder found; nil if it found none.
    ///
    /// It has already been logged.
    private var loggedFolderProblem: String?
    /// The open cameras by ID.
    private var byID: [UInt64: Camera] = [:]
    private let index: Int
    private var nextID: UInt64 = 1
    private var cachedSources: (generation: UInt64, sources: [CameraSource])?

    /// - Parameters:
    ///   - directory: The cameras of the table.
    ///   - index: The index of the table, below ``maximumCount``. The IDs of the table's cameras contain the index.
    ///   - counters: The counters that all workers share.
    ///   - log: The program's log.
    init(_ directory: CameraDirectory, index: Int, _ counters: ServiceCounters, _ log: Logger) {
        precondition(index < Self.maximumCount)
        self.directory = directory
        self.index = index
        self.counters = counters
        self.log = log
    }

    /// The maximum number of tables in a process.
    static let maximumCount = 4

    /// Returns the index of the table whose camera has this ID.
    static func index(of id: UInt64) -> Int { Int(id % UInt64(maximumCount)) }

    /// Returns a sentence that says why added or removed cameras are detected late; nil if they are detected at once.
    ///
    /// Logs the sentence once, and again when it has changed.
    @discardableResult
    func checkFolder() -> String? {
        let problem = directory.folderProblem
        if problem != loggedFolderProblem {
            loggedFolderProblem = problem
            if let problem { log.warning("\(problem)") } else { log.info("\(RingName.folder) is watched again") }
        }
        return problem
    }

    /// The cameras that this worker has opened.
    var all: some Collection<Camera> { cameras.values }

    var names: [CameraName] { directory.names }

    var isInUse: Bool { cameras.values.contains { $0.isInUse } }

    /// The maximum number of descriptors that the open cameras may use.
    var descriptorCount: Int {
        cameras.values.reduce(0) {
            $0 + ($1.isInUse ? Self.descriptorsOfUsedCamera : Self.descriptorsOfUnusedCamera)
        }
    }

    var viewerCount: Int { cameras.values.reduce(0) { $0 + $1.viewerCount } }

    /// All cameras, for a report, in the order of ``names``.
    ///
    /// The list is cached, and created again only when a camera has been added or removed.
    var sources: [CameraSource] {
        directory.refreshIfChanged()
        if let cachedSources, cachedSources.generation == directory.generation { return cachedSources.sources }
        let sources = directory.names.map { name in
            do throws(SystemError) {
                return CameraSource(name: name, content: .ring(try open(name).subscriber))
            } catch {
                return CameraSource(name: name, content: .problem(problem(of: name, error)))
            }
        }
        // If a camera could not be opened, do not cache the list, so that the next report tries again.
        if problems.isEmpty { cachedSources = (directory.generation, sources) }
        return sources
    }

    /// Returns a camera; nil if there is no such camera.
    ///
    /// Throws if the camera cannot be opened.
    func camera(_ choice: CameraChoice) throws(SystemError) -> Camera? {
        switch choice {
        case .first:
            directory.refreshIfChanged()
            return try open(directory.first)
        case .name(let text):
            guard let name = CameraName(text), directory.contains(name) else { return nil }
            return try open(name)
        case .number(let number):
            directory.refreshIfChanged()
            guard directory.names.indices.contains(number) else { return nil }
            return try open(directory.names[number])
        }
    }

    /// Returns the camera called `name`, which need not have a ring yet.
    ///
    /// Throws if the camera cannot be opened.
    func camera(named name: CameraName) throws(SystemError) -> Camera { try open(name) }

    /// Returns the open camera with this ID; nil if it has been closed.
    func camera(withID id: UInt64) -> Camera? { byID[id] }

    /// Closes unused cameras whose ring has been removed or replaced.
    func closeUnused() {
        let candidates = cameras.values.filter { !$0.isInUse && !directory.isConfigured($0.name) }
        guard !candidates.isEmpty else { return }
        directory.refreshIfChanged()
        for camera in candidates
        where !directory.contains(camera.name) || directory.ring(of: camera.name) != camera.ring {
            if let row = camera.row { counters.remove(row) }
            cameras[camera.name] = nil
            byID[camera.id] = nil
            cachedSources = nil
        }
    }

    func stop() {
        for camera in cameras.values { camera.stop() }
    }

    private func open(_ name: CameraName) throws(SystemError) -> Camera {
        let ring = directory.ring(of: name)
        if let camera = cameras[name], camera.ring == ring || camera.isInUse { return camera }
        let row = cameras[name]?.row ?? counters.addRow(name)
        let camera: Camera
        do throws(SystemError) {
            camera = try Camera(ring, id: nextID * UInt64(Self.maximumCount) + UInt64(index), row: row)
        } catch {
            if cameras[name] == nil, let row { counters.remove(row) }
            throw error
        }
        if row == nil { log.warning("camera \(name) has no counters: there are too many cameras") }
        nextID += 1
        if let old = cameras.updateValue(camera, forKey: name) { byID[old.id] = nil }
        byID[camera.id] = camera
        problems[name] = nil
        cachedSources = nil
        return camera
    }

    private func problem(of name: CameraName, _ error: SystemError) -> String {
        let problem =
            "this server cannot open the camera's ring (\(error.errno)): raise its limit of open files (ulimit -n)"
        if problems.updateValue(problem, forKey: name) == nil { log.error("camera \(name): \(problem)") }
        return problem
    }
}

/// A camera in the form that a report needs, which can be used on any thread.
struct CameraSource: Sendable {
    enum Content: Sendable {
        case ring(FrameSubscriber)
        /// The reason why the camera cannot be read.
        case problem(String)
    }

    let name: CameraName
    let content: Content
}
