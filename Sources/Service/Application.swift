public import FastCGI
public import Web

/// What a FastCGI worker does with requests; ``Worker`` does the rest.
///
/// All of it runs on the worker's event loop and must not wait.
public protocol Application: AnyObject {
    /// Begins to answer a request whose head has come.
    ///
    /// Before it returns it calls one of the connection's ``Connection/answer(_:)``, ``Connection/open(_:)`` and
    /// ``Connection/readBody(limit:expected:_:)``, or throws, which ``refuse(_:on:)`` answers.
    func begin(_ request: Request, on connection: Connection) throws(HTTPError)

    /// Answers a request that is refused; by default with the error as JSON.
    func refuse(_ error: HTTPError, on connection: Connection)

    /// The path of the worker's metrics; nil if ``begin(_:on:)`` answers it itself.
    var metricsPath: String? { get }

    /// Adds the application's own metrics.
    func addMetrics(to text: inout MetricsText)

    /// Called four times a second, and whenever another thread has signalled the loop.
    func tick(isSignalled: Bool)

    /// Whether nothing can happen without an event: then the loop sleeps without a timeout.
    var isIdle: Bool { get }

    /// Descriptors that the application uses or may need soon, beside its connections.
    var reservedDescriptorCount: Int { get }

    /// What it does, for `systemctl status`, before the number of connections; such as `3 viewers, `.
    var summary: String { get }

    /// Called once all connections have ended.
    func end()
}

extension Application {
    public func refuse(_ error: HTTPError, on connection: Connection) { connection.answer(error.response()) }
    public var metricsPath: String? { "/metrics" }
    public func addMetrics(to text: inout MetricsText) {}
    public func tick(isSignalled: Bool) {}
    public var isIdle: Bool { true }
    public var reservedDescriptorCount: Int { 0 }
    public var summary: String { "" }
    public func end() {}
}

/// A request that is answered later, or by a stream: what a connection is open for.
public protocol Exchange: AnyObject {
    /// The output of `connection` is empty: a stream begins what comes next.
    func next(on connection: Connection) -> Connection.Next

    /// An image that ``Connection/begin(_:)`` was given is sent.
    func imageSent()

    /// Called four times a second.
    func tick()

    /// The connection has been answered or closed: drop what is held for it.
    func end()

    /// The worker ends, or the client's grant does, within a second.
    func stop(_ reason: StopReason)
}

/// Why an exchange is to end.
public enum StopReason: Sendable {
    case workerStops
    case grantEnded
}

extension Exchange {
    public func next(on connection: Connection) -> Connection.Next { .nothing }
    public func imageSent() {}
    public func tick() {}
}

extension StopReason {
    /// What a request that waits is answered with.
    public var error: HTTPError {
        switch self {
        case .workerStops: .temporary("stopping", "The server is stopping; try again.", retryAfter: 1)
        case .grantEnded: HTTPError(403, "forbidden", "The right to this has ended; log in again.")
        }
    }
}
