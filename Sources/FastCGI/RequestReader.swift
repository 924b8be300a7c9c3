import CFastCGI
import Glibc
public import Linux

/// Reads requests from connected sockets by libfcgi.
///
/// One thread uses it. The socket stays its owner's: libfcgi works on a second descriptor of it for as long as it reads.
@safe
public struct RequestReader: ~Copyable {
    // libfcgi's streams keep the request's address, so it lives in memory of its own.
    private let request: UnsafeMutablePointer<FCGX_Request>

    public init() throws(FastCGIError) {
        guard Library.isInitialized else { throw .libraryUnavailable }
        unsafe request = .allocate(capacity: 1)
        unsafe request.initialize(to: FCGX_Request())
    }

    deinit {
        unsafe request.deallocate()
    }

    /// Reads the request that has arrived on `socket`.
    ///
    /// The head must be there whole, as ``RequestHead`` says: then nothing waits, on a non-blocking socket either. What
    /// libfcgi has read beyond the head, such as the first bytes of a body, is dropped.
    public func read(from socket: borrowing Descriptor) throws -> Request {
        let copy = try socket.duplicate()
        // Listening socket -1: after a failure libfcgi would accept the next connection, and must not.
        unsafe FCGX_InitRequest(request, -1, 0)
        unsafe request.pointee.ipcFd = copy.release()
        // "Detached" makes libfcgi close a connection it dislikes at once, not after two seconds of reading.
        unsafe request.pointee.detached = 1
        // Keeps FCGX_Finish_r, which FCGX_Accept_r calls first, from closing the connection.
        unsafe request.pointee.keepConnection = 1
        let status = unsafe FCGX_Accept_r(request)
        defer {
            let number = unsafe request.pointee.ipcFd
            unsafe request.pointee.ipcFd = -1
            unsafe FCGX_Free(request, 0)
            if number >= 0 { _ = Descriptor(owning: number) }
        }
        guard status == 0 else { throw FastCGIError.unreadableRequest }
        return Request(id: UInt16(truncatingIfNeeded: unsafe request.pointee.requestId), parameters: parameters)
    }

    private var parameters: [String: String] {
        var parameters: [String: String] = [:]
        parameters.reserveCapacity(32)
        guard var entry = unsafe request.pointee.envp else { return parameters }
        while let text = unsafe entry.pointee {
            // By bytes: looking for "=" among characters costs more than all the rest of a request.
            if let separator = unsafe strchr(text, 0x3d) {
                let bytes = unsafe UnsafeRawBufferPointer(start: text, count: separator - text)
                let name = unsafe String(decoding: bytes, as: UTF8.self)
                if parameters[name] == nil { unsafe parameters[name] = String(cString: separator + 1) }
            }
            unsafe entry += 1
        }
        return parameters
    }
}
