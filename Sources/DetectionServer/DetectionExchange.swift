import Detection
import Linux
import Service
import Web

/// A request to the detector that waits: for a fresh frame, or for work.
///
/// It belongs to the event loop.
final class DetectionExchange: Exchange {
    /// What the request is for, and what of a result it wants.
    let route: DetectionRoute
    var filter: ResultFilter
    /// When it is given up.
    var deadline = Instant.distantFuture
    /// The camera whose fresh frame it waits for.
    var camera: WatchedCamera?
    /// The work that it waits for.
    var job: UInt64?
    /// The result whose picture with boxes is being drawn.
    var result: StoredResult?
    /// The memory that its body takes.
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

    /// Waits for `timeout` at most.
    func wait(_ timeout: Duration) {
        deadline = connection.worker.now + timeout
        // It may wait already, for something else.
        guard !isOpen else { return }
        isOpen = true
        connection.open(self)
    }

    func tick() {
        if connection.worker.now >= deadline { application.giveUp(self) }
    }

    func end() {
        isOpen = false
        application.leave(self)
    }

    func stop(_ reason: StopReason) { application.refuse(reason.error, to: self) }
}

/// Memory that bodies which arrive or wait take; given back when nothing refers to it any more.
///
/// It belongs to the event loop.
final class Reservation {
    /// What all reservations take together.
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
