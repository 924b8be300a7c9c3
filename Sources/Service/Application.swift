public import FastCGI
public import Web

/// The request handler of a FastCGI worker; ``Worker`` does the rest.
///
/// All methods are called on the worker's event loop and must not block.
public protocol Application: AnyObject {
    /// Handles a request whose header has arrived.
    ///
    /// It must call one of ``Connection/answer(_:)``, ``Connection/open(_:)`` and
    /// ``Connection/readBody(limit:expected:tooLong:_:)`` before it returns, or throw, which calls ``refuse(_:on:)``.
    func begin(_ request: Request, on connection: Connection) throws(HTTPError)

    /// Answers a refused request; by default with the error as JSON.
    func refuse(_ error: HTTPError, on connection: Connection)

    /// The path of the worker's metrics, or nil if ``begin(_:on:)`` handles it.
    var metricsPath: String? { get }

    /// Adds the application's own metrics.
    func addMetrics(to text: inout MetricsText)

    /// Called four times a second, and after another thread has signalled the loop.
    func tick(isSignalled: Bool)

    /// Whether the application needs no ticks, so that the loop may sleep until the next event.
    var isIdle: Bool { get }

    /// The number of descriptors the application uses or may soon need, besides connections.
    var reservedDescriptorCount: Int { get }

    /// What `systemctl status` shows before the number of connections, such as `3 viewers, `.
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

/// A request that is answered later or with a stream.
public protocol Exchange: AnyObject {
    /// Called when the output of `connection` is empty, so that a stream can start its next picture.
    func next(on connection: Connection) -> Connection.Next

    /// Called when an image passed to ``Connection/begin(_:)`` has been sent.
    func imageSent()

    /// Called four times a second.
    func tick()

    /// Called when the connection has been answered or closed.
    func end()

    /// Called when the worker stops or the client's grant has expired; must answer or end the stream.
    func stop(_ reason: StopReason)
}

extension Connection {
    /// What an exchange has to send when the output is empty.
    public enum Next {
        /// Output was started.
        case begun
        /// Nothing to send now.
        case nothing
        /// More output follows once the web server has read what was sent.
        case mustDrain
    }
}

/// Why an exchange must end.
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
    /// The response to a waiting request.
    public var error: HTTPError {
        switch self {
        case .workerStops: .temporary("stopping", "The server is stopping; try again.", retryAfter: 1)
        case .grantEnded: HTTPError(403, "forbidden", "Your access has expired; log in again.")
        }
    }
}
