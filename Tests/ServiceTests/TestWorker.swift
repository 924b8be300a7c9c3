import EventLoop
import FastCGI
import Linux
import Names
import Service
import Synchronization
import SystemPackage
import TestSupport
import Web

/// Grants rights according to the X-User header: `viewer` may watch, `guest` has no rights, and others get no grant.
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

    /// Revokes all grants.
    func end() { isEnded.store(true, ordering: .releasing) }
}

/// Responds immediately, except to `/wait`: that request stays open until the grant expires or the worker stops.
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

/// A worker that runs on a thread of the test process.
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

    /// Stops the worker and waits until its thread has ended.
    func stop() {
        signal.stop()
        if let thread = thread.take() { thread.join() }
    }

    /// Sends a request as `user`, or without the X-User header if `user` is nil.
    func ask(_ target: String, as user: String?) throws -> FastCGIClient {
        let client = try FastCGIClient(socket)
        try client.ask(target, headers: user.map { ["X-User": $0] } ?? [:])
        return client
    }
}
