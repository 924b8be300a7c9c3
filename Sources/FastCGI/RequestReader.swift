import CFastCGI
import Glibc
import Linux

/// Parses request headers with libfcgi.
///
/// Use it from only one thread. libfcgi reads from a descriptor, and blocks if data is missing. Therefore it receives
/// only complete headers, which ``RequestHead`` has checked, through a pair of sockets.
///
/// The class is marked as safe because the memory of the request is allocated once and freed in `deinit`, and no
/// pointer to it leaves this class.
@safe
public final class RequestReader {
    // The streams of libfcgi keep the address of the request, so it must not be moved.
    private let request: UnsafeMutablePointer<FCGX_Request>
    private var pair: SocketPair

    /// Throws a ``FastCGIError`` if libfcgi cannot be initialised, and a `SystemError` if no descriptor is available.
    public init() throws {
        guard Library.isInitialized else { throw FastCGIError.libraryUnavailable }
        pair = try Socket.pair()
        unsafe request = .allocate(capacity: 1)
        unsafe request.initialize(to: FCGX_Request())
    }

    deinit {
        unsafe request.deallocate()
    }

    /// Parses a header that is complete according to ``RequestHead``.
    public func read(_ head: ArraySlice<UInt8>) throws -> Request {
        do {
            try write(head)
            let request = try readFromPair()
            discardRest()
            return request
        } catch {
            // Discard the bytes that libfcgi has not read, so that they do not become part of the next request.
            pair = try Socket.pair()
            throw error
        }
    }

    private func write(_ head: ArraySlice<UInt8>) throws {
        let bytes = Array(head)
        var offset = 0
        while offset < bytes.count {
            // Sending does not block, because a header is at most 64 KiB long, and fits into an empty socket buffer.
            guard case .success(let count) = Socket.send(bytes, from: offset, to: pair.first.number) else {
                throw FastCGIError.unreadableRequest
            }
            offset += count
        }
    }

    private func readFromPair() throws -> Request {
        let copy = try pair.second.duplicate()
        // Pass -1 as the listening socket, so that libfcgi cannot accept another connection after a failure.
        unsafe FCGX_InitRequest(request, -1, 0)
        unsafe request.pointee.ipcFd = copy.release()
        // This flag makes libfcgi close a bad connection immediately, instead of reading from it for two seconds.
        unsafe request.pointee.detached = 1
        // FCGX_Accept_r first calls FCGX_Finish_r, which closes the connection unless this flag is set.
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

    /// Discards the padding after the header, which libfcgi does not read.
    private func discardRest() {
        while case .success(let count) = Socket.discardInput(of: pair.second.number), count > 0 {}
    }

    private var parameters: [String: String] {
        var parameters: [String: String] = [:]
        parameters.reserveCapacity(32)
        guard var entry = unsafe request.pointee.envp else { return parameters }
        while let text = unsafe entry.pointee {
            // Search the bytes for "=", because searching the characters would take longer than the rest of the
            // request.
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
