import Linux
import Logging
import Names
import SystemPackage

/// The control socket, `<runtime folder>/control.<camera>.sock`: each connection carries one line of JSON in each
/// direction.
///
/// It is served on its own thread, which calls the camera's driver: a client can delay other clients by at most a
/// second, and never the pictures.
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

    /// Starts listening; replaces the socket of a program that was killed.
    ///
    /// Throws if the folder does not exist, or if another program listens there.
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

    /// Serves on its own thread until ``stop()``.
    func start(_ makeService: @escaping @Sendable () -> ControlService) throws(SystemError) {
        try Thread("controls") { [self] in
            do throws(SystemError) {
                try ControlLoop(listener.number, stop: stopEvent.descriptor.number, makeService()).run()
            } catch {
                logger.error("the controls can no longer be set: \(error)")
            }
            ended.signal()
        }.detach()
    }

    /// Stops the thread and removes the socket; waits at most a second for a request in progress.
    func stop() {
        stopEvent.signal()
        if let current = try? FileStatus(at: path), current.isSameFile(as: own) { File.remove(path) }
        let deadline = Instant.now + .seconds(1)
        // A signal may interrupt the wait.
        while Poll.wait([ended.descriptor.number], milliseconds: (deadline - .now).millisecondsRoundedUp).isEmpty {
            if .now >= deadline { return }
        }
    }
}
