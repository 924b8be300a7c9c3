import Cameras
import EventLoop
import Linux
import Logging
import Names
import Service
import SharedFrame

/// The cameras that exist, as far as this worker has looked at them.
///
/// It belongs to the event loop.
final class CameraTable {
    /// Descriptors of a camera that is in use, at most: its ring twice, what wakes its threads, pictures and pipes.
    private static let descriptorsOfUsedCamera = 12
    /// Descriptors of a camera that only reports have looked at: its ring.
    private static let descriptorsOfUnusedCamera = 1

    /// What a feed's watch, or a camera's own, posts when there is something new: its number.
    let mailbox: Mailbox<UInt64>
    private let directory: CameraDirectory
    private let counters: ServiceCounters
    private let log: Logger
    private var cameras: [CameraName: Camera] = [:]
    /// Why cameras could not be opened.
    private var problems: [CameraName: String] = [:]
    /// Why changes of the cameras are seen late, as far as the log says it.
    private var loggedFolderProblem: String?
    private var owners: [UInt64: Camera] = [:]
    private var nextID: UInt64 = 1
    private var cachedSources: (generation: UInt64, sources: [CameraSource])?

    init(_ configuration: FrameServerConfiguration, _ counters: ServiceCounters, _ signal: LoopSignal, _ log: Logger) {
        directory = CameraDirectory(
            prefix: configuration.prefix, kinds: configuration.kinds, configured: configuration.cameras)
        mailbox = Mailbox(signal)
        self.counters = counters
        self.log = log
        checkFolder()
    }

    /// Returns why changes of the cameras are seen late, in one sentence; nil while they are seen at once.
    ///
    /// Logs it once, and again when it changes.
    @discardableResult
    func checkFolder() -> String? {
        let problem = directory.folderProblem
        if problem != loggedFolderProblem {
            loggedFolderProblem = problem
            if let problem { log.warning("\(problem)") } else { log.info("\(RingName.folder) is watched again") }
        }
        return problem
    }

    /// Those that this worker has looked at.
    var all: some Collection<Camera> { cameras.values }

    var names: [CameraName] { directory.names }

    var isInUse: Bool { cameras.values.contains { $0.isInUse } }

    /// The most descriptors that the cameras take now.
    var descriptorCount: Int {
        cameras.values.reduce(0) {
            $0 + ($1.isInUse ? Self.descriptorsOfUsedCamera : Self.descriptorsOfUnusedCamera)
        }
    }

    var viewerCount: Int { cameras.values.reduce(0) { $0 + $1.viewerCount } }

    /// What reports read: each camera, in the order of their names.
    ///
    /// The work of a report does not grow with the cameras here: the list is made anew only if one has come or gone.
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
        // What could not be opened is tried again by the next report.
        if problems.isEmpty { cachedSources = (directory.generation, sources) }
        return sources
    }

    /// The camera that a path without a name means, or the camera of that name; nil if there is none.
    ///
    /// Throws if it cannot be opened.
    func camera(named text: String?) throws(SystemError) -> Camera? {
        guard let text else {
            directory.refreshIfChanged()
            return try open(directory.first)
        }
        guard let name = CameraName(text), directory.contains(name) else { return nil }
        return try open(name)
    }

    /// The camera that a message of ``mailbox`` is about.
    func owner(of id: UInt64) -> Camera? { owners[id] }

    /// A number for a watch whose messages are about `camera`.
    func makeID(for camera: Camera) -> UInt64 {
        defer { nextID += 1 }
        owners[nextID] = camera
        return nextID
    }

    /// Closes what nobody uses and what is no longer a camera.
    func closeUnused() {
        let candidates = cameras.values.filter { !$0.isInUse && !directory.isConfigured($0.name) }
        guard !candidates.isEmpty else { return }
        directory.refreshIfChanged()
        for camera in candidates
        where !directory.contains(camera.name) || directory.ring(of: camera.name) != camera.ring {
            if let row = camera.row { counters.remove(row) }
            cameras[camera.name] = nil
            cachedSources = nil
        }
        if owners.count > 4 * cameras.count + 64 {
            let current = Set(cameras.values.map { ObjectIdentifier($0) })
            owners = owners.filter { current.contains(ObjectIdentifier($0.value)) }
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
            camera = try Camera(ring, row: row)
        } catch {
            if cameras[name] == nil, let row { counters.remove(row) }
            throw error
        }
        if row == nil { log.warning("camera \(name) is not counted: there are too many cameras") }
        cameras[name] = camera
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

/// A camera as a report reads it, on any thread.
struct CameraSource: Sendable {
    enum Content: Sendable {
        case ring(FrameSubscriber)
        /// Why it cannot be read.
        case problem(String)
    }

    let name: CameraName
    let content: Content
}
