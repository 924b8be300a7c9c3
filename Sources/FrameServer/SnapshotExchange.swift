import Linux
import Service

/// A snapshot request that waits for a frame or for scaling.
///
/// Used only on the event loop.
final class SnapshotExchange: Exchange {
    let request: SnapshotRequest
    unowned let connection: Connection
    private let camera: Camera
    private unowned let application: FrameApplication
    /// Whether the frame has arrived and is being scaled.
    private(set) var isScaling = false
    private(set) var isEnded = false
    private var isOpen = false

    init(_ request: SnapshotRequest, of camera: Camera, on connection: Connection, _ application: FrameApplication) {
        self.request = request
        self.camera = camera
        self.connection = connection
        self.application = application
    }

    /// Waits for a frame.
    func waitForFrame() {
        camera.waiters.append(self)
        connection.open(self)
        isOpen = true
    }

    /// Waits for scaling, perhaps after it has waited for a frame.
    func waitForScaling() {
        isScaling = true
        // Not a second time: the connection would end the exchange that it has.
        if isOpen { camera.waiters.removeAll { $0 === self } } else { connection.open(self) }
        isOpen = true
    }

    func tick() {
        guard !isScaling, connection.worker.now >= request.deadline else { return }
        application.timeOut(self, of: camera)
    }

    func end() {
        isEnded = true
        camera.waiters.removeAll { $0 === self }
    }

    func stop(_ reason: StopReason) { application.refuse(reason.error, on: connection) }
}
