import Detection
import Linux
import Service
import Web

/// A request and its connection.
///
/// The request may wait for a fresh frame or for a job. Use it only from the thread of the event loop.
final class DetectionExchange: Exchange {
    let route: DetectionRoute
    var filter: ResultFilter
    /// When the request times out.
    var deadline = Instant.distantFuture
    /// The camera from which the request awaits a fresh frame; nil if it does not wait for a frame.
    var camera: WatchedCamera?
    /// The ID of the job for which the request waits, if any.
    var job: UInt64?
    /// The result whose boxes are being drawn, if any.
    var result: StoredResult?
    /// The memory that is reserved for the request's body, if any.
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

    /// Makes the request time out when `timeout` has passed, counted from this call.
    func wait(_ timeout: Duration) {
        deadline = connection.worker.now + timeout
        // The request may already have been waiting for something else.
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

/// Memory that is reserved for the body of a request.
///
/// The reservation ends when its last reference is released. Use it only from the thread of the event loop.
final class Reservation {
    /// The total size of all reservations.
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
