import EventLoop
import FastCGI
import Linux
import Names
import Service
import Synchronization
import SystemPackage
import TestSupport
import Web

/// Grants rights by the header field X-User: `viewer` may watch, `guest` nothing, and others get no grant.
final class TestAccess: AccessControl {
    private let isEnded = Atomic(false)

    private struct TestGrant: Grant {
        let access: TestAccess
        let mayWatch: Bool

        func allows(_ right: Right, for camera: CameraName?) -> Bool { mayWatch && right == .watch }

        var isValid: Bool { !access.isEnded.load(ordering: .acquiring) }
    }

    func grant(for request: Request) -> (any Grant)? {
        switch request["HTTP_X_USER"] {
        case "viewer": TestGrant(access: self, mayWatch: true)
        case "guest": TestGrant(access: self, mayWatch: false)
        default: nil
        }
    }

    /// Ends all grants.
    func end() { isEnded.store(true, ordering: .releasing) }
}

/// Answers at once, except `/wait`, which stays open until something ends it.
private final class TestApplication: Application {
    private final class Wait: Exchange {
        unowned let connection: Connection

        init(_ connection: Connection) { self.connection = connection }

        func stop(_ reason: StopReason) { connection.answer(reason.error.response()) }

        func end() {}
    }

    func begin(_ request: Request, on connection: Connection) throws(HTTPError) {
        try connection.require(.watch, for: nil)
        if request.path == "/wait" {
            connection.open(Wait(connection))
        } else {
            connection.answer(Response(status: 200))
        }
    }
}

/// A worker on a thread of the test's process.
final class TestWorker {
    private let folder = TemporaryFolder()
    private let socket: FilePath
    private let signal: LoopSignal
    private var thread: Thread?

    init(access: any AccessControl) throws {
        let socket = folder.path.appending("worker.sock")
        self.socket = socket
        let started = Handover<Result<LoopSignal, any Error>>()
        thread = try Thread("test worker") {
            do {
                let listener = try Socket.listen(at: socket)
                try listener.setNonBlocking(true)
                let application = TestApplication()
                defer { withExtendedLifetime(application) {} }
                let worker = try Worker(
                    WorkerConfiguration(service: "test-fcgi", access: access), listener: listener, loop: EventLoop(),
                    application: application)
                started.give(.success(worker.loop.signal))
                try worker.run()
            } catch {
                started.give(.failure(error))
            }
        }
        signal = try started.take().get()
    }

    deinit { stop() }

    /// Ends the worker and waits for its thread.
    func stop() {
        signal.stop()
        if let thread = thread.take() { thread.join() }
    }

    /// Asks as `user`; nil asks without a name.
    func ask(_ target: String, as user: String?) throws -> FastCGIClient {
        let client = try FastCGIClient(socket)
        try client.ask(target, headers: user.map { ["X-User": $0] } ?? [:])
        return client
    }
}
