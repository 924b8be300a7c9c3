import Linux
import Logging
import Names
import SystemPackage

/// Serves the control socket, `<runtime folder>/control.<camera>.sock`.
///
/// On each connection, the client sends one line of JSON and receives one line of JSON. The server has its own thread,
/// which also calls the camera's driver, so requests never delay the pictures. A client is disconnected if it takes
/// more than a second to send its line, or more than a second to receive the response.
final class ControlServer: Sendable {
    /// Only processes with the program's user or group may connect.
    static let permissions: UInt32 = 0o660

    let path: FilePath
    /// The file status of the socket that this server created, which distinguishes it from a socket that replaced it.
    private let own: FileStatus
    private let listener: Descriptor
    private let stopEvent: EventDescriptor
    /// Readable when the thread has finished.
    private let ended: EventDescriptor
    private let logger: Logger

    /// Starts listening.
    ///
    /// A socket that was left by a killed program is replaced. Throws if the folder does not exist, or if another
    /// program is listening on the socket.
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

    /// Starts a thread that serves the socket until ``stop()`` is called.
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

    /// Stops the thread and removes the socket.
    ///
    /// If a request is in progress, waits until it is finished, but for at most one second.
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
