import Linux
import Logging
import Names
import SystemPackage

/// The control socket, `<runtime folder>/control.<camera>.sock`: one line of JSON in, one out, a connection for each.
///
/// A thread of its own serves it and calls the camera's driver: a client can delay other clients by a second at most,
/// and never the pictures.
final class ControlServer: Sendable {
    /// The user and the group that the program runs as may connect.
    static let permissions: UInt32 = 0o660

    let path: FilePath
    private let own: FileStatus
    private let listener: Descriptor
    private let stopEvent: EventDescriptor
    /// Readable when the thread has ended.
    private let ended: EventDescriptor
    private let logger: Logger

    /// Listens; replaces the socket of a program that was killed.
    ///
    /// Throws if there is no such folder, or another program listens there.
    init(_ folder: FilePath, _ camera: CameraName, _ logger: Logger) throws(SystemError) {
        let path = camera.controlSocket(in: folder)
        if let old = try? FileStatus(at: path), old.kind == .other {
            do throws(SystemError) {
                _ = try Socket.connect(to: path, isBlocking: false)
                throw SystemError("bind", "\(path)", .addressInUse)
            } catch {
                guard error.errno == .connectionRefused else { throw error }
                File.remove(path)
            }
        }
        let listener = try Socket.listen(at: path, backlog: 64, permissions: Self.permissions)
        try listener.setNonBlocking(true)
        let own = try FileStatus(at: path)
        let stopEvent = try EventDescriptor()
        let ended = try EventDescriptor()
        self.path = path
        self.own = own
        self.listener = listener
        self.stopEvent = stopEvent
        self.ended = ended
        self.logger = logger
    }

    /// Serves on a thread until ``stop()``.
    func start(_ makeService: @escaping @Sendable () -> ControlService) throws(SystemError) {
        try Thread("controls") { [self] in
            do throws(SystemError) {
                try ControlLoop(listener.number, stop: stopEvent.descriptor.number, makeService()).run()
            } catch {
                logger.error("nobody can set the controls any more: \(error)")
            }
            ended.signal()
        }.detach()
    }

    /// Ends the thread and removes the socket; waits a second at most for a request that is being served.
    func stop() {
        stopEvent.signal()
        if let current = try? FileStatus(at: path), current.isSameFile(as: own) { File.remove(path) }
        let deadline = Instant.now + .seconds(1)
        // A signal may end the wait early.
        while Poll.wait([ended.descriptor.number], milliseconds: (deadline - .now).millisecondsRoundedUp).isEmpty {
            if .now >= deadline { return }
        }
    }
}
