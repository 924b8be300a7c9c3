import Detection
import Linux
import Service
import Web

/// A request that waits for a fresh frame or for a job.
///
/// Used only on the event loop.
final class DetectionExchange: Exchange {
    let route: DetectionRoute
    var filter: ResultFilter
    /// When it times out.
    var deadline = Instant.distantFuture
    /// The camera whose fresh frame it waits for.
    var camera: WatchedCamera?
    /// The job it waits for.
    var job: UInt64?
    /// The result whose boxes are being drawn.
    var result: StoredResult?
    /// The memory reserved for its body.
    var reservation: Reservation?
    unowned let connection: Connection
    private unowned let application: DetectionApplication
    private var isOpen = false

    init(
        _ route: DetectionRoute, _ filter: ResultFilter, on connection: Connection, _ application: DetectionApplication
    ) {
        self.route = route
        self.filter = filter
        self.connection = connection
        self.application = application
    }

    /// Waits for at most `timeout`.
    func wait(_ timeout: Duration) {
        deadline = connection.worker.now + timeout
        // It may already be waiting for something else.
        guard !isOpen else { return }
        isOpen = true
        connection.open(self)
    }

    func tick() {
        if connection.worker.now >= deadline { application.timeOut(self) }
    }

    func end() {
        isOpen = false
        application.leave(self)
    }

    func stop(_ reason: StopReason) { application.refuse(reason.error, to: self) }
}

/// Memory reserved for a body that is arriving or waiting; released with the last reference.
///
/// Used only on the event loop.
final class Reservation {
    /// The sum of all reservations.
    final class Account {
        fileprivate(set) var byteCount = 0
    }

    private let account: Account
    private let byteCount: Int

    init(_ byteCount: Int, in account: Account) {
        self.account = account
        self.byteCount = byteCount
        account.byteCount += byteCount
    }

    deinit { account.byteCount -= byteCount }
}
