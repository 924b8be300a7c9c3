import Daemon
import FastCGI
import Glibc
public import Linux
import Logging
import SharedFrame
import Synchronization

/// A detection worker: what detect-fcgi is.
///
/// Made and run by one thread, before the process starts any other.
public final class DetectionServer {
    private let loop: DetectionLoop

    /// Ends a server from another thread.
    public let stopper: Stopper

    /// Makes the worker on the listening socket at descriptor 0; SIGTERM, SIGINT and SIGHUP end it.
    ///
    /// Throws a `Failure` that says what is wrong, with status 64 when there is no listening socket and 78 when the
    /// configuration is none. A model or a runtime that is missing is no failure: requests are answered with it.
    public convenience init(_ configuration: DetectionServerConfiguration) throws {
        let signals = try SignalDescriptor(blocking: [SIGTERM, SIGINT, SIGHUP, SIGUSR1])
        let listener: Descriptor
        do {
            listener = try ListeningSocket.standardInput()
        } catch let error as FastCGIError {
            throw Failure(error == .noListeningSocket ? .usage : .osError, "\(error)")
        }
        try self.init(configuration, listener: listener, signals: signals)
    }

    /// Makes a worker on a listening socket that does not block; without `signals` only its stopper ends it.
    public init(
        _ configuration: DetectionServerConfiguration, listener: consuming Descriptor,
        signals: consuming SignalDescriptor? = nil
    ) throws {
        guard RingName.isPrefix(configuration.prefix) else {
            throw Failure(
                .configuration,
                "the prefix '\(configuration.prefix)' is not a name of letters, digits, '-' and '_': set ORIEL_PREFIX")
        }
        Signals.ignoreBrokenPipe()
        let event = try SharedEvent()
        let isStopping = StopFlag()
        loop = try DetectionLoop(
            configuration, listener: listener, signals: signals, event: event, isStopping: isStopping)
        stopper = Stopper(event: event, flag: isStopping)
    }

    /// Serves until a signal or the stopper ends it.
    public func run() throws { try loop.run() }

    /// Ends a server from another thread.
    public struct Stopper: Sendable {
        let event: SharedEvent
        let flag: StopFlag

        public func stop() {
            flag.isSet.store(true, ordering: .releasing)
            event.signal()
        }
    }
}

/// Whether the loop shall end.
final class StopFlag: Sendable {
    let isSet = Atomic(false)
}
