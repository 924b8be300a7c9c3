import EventLoop
import Names
import SharedFrame

/// The cameras that exist: those that were named at the start, and every ring that is there.
///
/// The loop's alone.
final class CameraTable {
    private let prefix: SystemPrefix
    private let kind: RingName.Kind
    private let configured: [CameraName]
    private let wakeUp: LoopSignal
    private var open: [CameraName: Camera] = [:]

    init(_ configuration: FrameServerConfiguration, wakeUp: LoopSignal) {
        prefix = configuration.prefix
        kind = configuration.kind
        configured = configuration.cameras
        self.wakeUp = wakeUp
    }

    /// Those that this worker has looked at.
    var all: some Collection<Camera> { open.values }

    var isInUse: Bool { open.values.contains { $0.isInUse } }

    /// The names of the cameras that exist: the configured ones in their order, then the others, `main` before all.
    var names: [CameraName] {
        let found = RingName.existing(prefix: prefix, kind: kind).map(\.camera)
        var names = configured
        if found.contains(.main), !names.contains(.main) { names.append(.main) }
        for name in found where !names.contains(name) { names.append(name) }
        // Before any camera has come, `main` is the one that will be meant.
        return names.isEmpty ? [.main] : names
    }

    /// The cameras that exist, as far as they can be opened.
    var known: [Camera] { names.compactMap { try? camera($0) } }

    /// The camera that a path without a name means.
    func first() throws -> Camera? {
        if let name = configured.first { return try camera(name) }
        return try names.first.flatMap(camera)
    }

    /// The camera of that name, or nil where there is none.
    func camera(named text: String) throws -> Camera? {
        guard let name = CameraName(text) else { return nil }
        guard configured.contains(name) || names.contains(name) else { return nil }
        return try camera(name)
    }

    /// Closes what nobody uses and what is no camera any more.
    func forgetUnused() {
        guard open.values.contains(where: { !$0.isInUse && !configured.contains($0.name) }) else { return }
        let names = names
        open = open.filter { names.contains($0.key) || $0.value.isInUse }
    }

    func stop() {
        for camera in open.values { camera.stop() }
    }

    private func camera(_ name: CameraName) throws -> Camera? {
        if let camera = open[name] { return camera }
        let camera = try Camera(RingName(prefix: prefix, camera: name, kind: kind), loop: wakeUp)
        open[name] = camera
        return camera
    }
}
