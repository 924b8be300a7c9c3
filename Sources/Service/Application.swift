public import FastCGI
public import Web

/// Handles the requests of a FastCGI worker; ``Worker`` does everything else.
///
/// All methods are called on the worker's event loop and must not block.
public protocol Application: AnyObject {
    /// Handles a request whose header has arrived.
    ///
    /// Before this method returns, it must call ``Connection/answer(_:)``, ``Connection/open(_:)`` or
    /// ``Connection/readBody(limit:expected:tooLong:_:)``. If it throws instead, the worker calls ``refuse(_:on:)``.
    func begin(_ request: Request, on connection: Connection) throws(HTTPError)

    /// Answers a refused request. By default, the response contains the error as JSON.
    func refuse(_ error: HTTPError, on connection: Connection)

    /// The path at which the worker itself serves its metrics, or nil if ``begin(_:on:)`` handles all paths.
    var metricsPath: String? { get }

    /// Adds the application's own metrics.
    func addMetrics(to text: inout MetricsText)

    /// Called four times a second, and also after another thread has signalled the loop; `isSignalled` is then true.
    func tick(isSignalled: Bool)

    /// Whether the application needs no ticks at the moment; the loop may then sleep until the next event.
    var isIdle: Bool { get }

    /// The number of descriptors that the application uses or may soon need, not counting connections.
    var reservedDescriptorCount: Int { get }

    /// The text that `systemctl status` shows before the number of connections, such as `3 viewers, `.
    var summary: String { get }

    /// Called when the worker stops, after all connections are closed.
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

/// Handles one request that is answered later or with a stream.
public protocol Exchange: AnyObject {
    /// Called when all output of `connection` has been sent, so that a stream can start its next picture.
    func next(on connection: Connection) -> Connection.Next

    /// Called when an image passed to ``Connection/begin(_:)`` has been sent.
    func imageSent()

    /// Called four times a second.
    func tick()

    /// Called after the request was answered or the connection was closed.
    func end()

    /// Called when the worker stops or the client's grant has expired. Must answer the request or end the stream.
    func stop(_ reason: StopReason)
}

extension Connection {
    /// What ``Exchange/next(on:)`` has done.
    public enum Next {
        /// It has passed more output to the connection.
        case begun
        /// It has nothing to send at the moment.
        case nothing
        /// It will send more, but only once the web server has read everything that was sent.
        case mustDrain
    }
}

/// Why an exchange must answer its request or end its stream.
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
    /// The error to send to a client that is still waiting for a response.
    public var error: HTTPError {
        switch self {
        case .workerStops: .temporary("stopping", "The server is stopping; try again.", retryAfter: 1)
        case .grantEnded: HTTPError(403, "forbidden", "Your access has expired; log in again.")
        }
    }
}
