import Linux
import Service

/// A request for a snapshot, which may have to wait until a frame has arrived and has been scaled.
///
/// Use it only from the thread of the event loop.
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

    /// Makes the request wait for a frame.
    func waitForFrame() {
        camera.waiters.append(self)
        connection.open(self)
        isOpen = true
    }

    /// Makes the request wait until the frame has been scaled; the request may already have waited for the frame.
    func waitForScaling() {
        isScaling = true
        // Do not open this exchange twice, because a connection ends its current exchange whenever it opens one.
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
