import Linux
import Service

/// A snapshot that waits for a frame, or for one to be scaled.
///
/// It belongs to the event loop.
final class SnapshotExchange: Exchange {
    let request: SnapshotRequest
    unowned let connection: Connection
    private let camera: Camera
    private unowned let application: FrameApplication
    /// Whether the frame is there, and being scaled.
    private(set) var isScaling = false
    private(set) var isEnded = false

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
    }

    /// Waits for the frame to be scaled.
    func waitForScaling() {
        isScaling = true
        connection.open(self)
    }

    func tick() {
        guard !isScaling, connection.worker.now >= request.deadline else { return }
        application.giveUp(self, of: camera)
    }

    func end() {
        isEnded = true
        camera.waiters.removeAll { $0 === self }
    }

    func stop(_ reason: StopReason) { application.refuse(reason.error, on: connection) }
}
