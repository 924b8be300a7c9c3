import CFastCGI
import Glibc
import Linux

/// Parses request headers with libfcgi.
///
/// Use it from one thread only. libfcgi reads from a descriptor and blocks on missing data, so it is given a complete
/// header, already checked by ``RequestHead``, through a socket pair.
///
/// Safe because the request's memory is allocated once, freed in `deinit`, and never escapes this class.
@safe
public final class RequestReader {
    // libfcgi's streams keep the request's address, so it must not move.
    private let request: UnsafeMutablePointer<FCGX_Request>
    private var pair: SocketPair

    /// Throws ``FastCGIError`` if libfcgi cannot be initialised, or `SystemError` if no descriptor is available.
    public init() throws {
        guard Library.isInitialized else { throw FastCGIError.libraryUnavailable }
        pair = try Socket.pair()
        unsafe request = .allocate(capacity: 1)
        unsafe request.initialize(to: FCGX_Request())
    }

    deinit {
        unsafe request.deallocate()
    }

    /// Parses a header that ``RequestHead`` found complete.
    public func read(_ head: ArraySlice<UInt8>) throws -> Request {
        do {
            try write(head)
            let request = try readFromPair()
            discardRest()
            return request
        } catch {
            // Discard what libfcgi left unread, so that it does not become part of the next request.
            pair = try Socket.pair()
            throw error
        }
    }

    private func write(_ head: ArraySlice<UInt8>) throws {
        let bytes = Array(head)
        var offset = 0
        while offset < bytes.count {
            // A header is at most 64 KiB, which fits into an empty socket buffer.
            guard case .success(let count) = Socket.send(bytes, from: offset, to: pair.first.number) else {
                throw FastCGIError.unreadableRequest
            }
            offset += count
        }
    }

    private func readFromPair() throws -> Request {
        let copy = try pair.second.duplicate()
        // Listening socket -1: after a failure, libfcgi must not accept another connection.
        unsafe FCGX_InitRequest(request, -1, 0)
        unsafe request.pointee.ipcFd = copy.release()
        // "Detached" makes libfcgi close a bad connection immediately instead of reading for two seconds.
        unsafe request.pointee.detached = 1
        // Prevents FCGX_Finish_r, which FCGX_Accept_r calls first, from closing the connection.
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

    /// Discards the padding after the header, which libfcgi leaves unread.
    private func discardRest() {
        while case .success(let count) = Socket.discardInput(of: pair.second.number), count > 0 {}
    }

    private var parameters: [String: String] {
        var parameters: [String: String] = [:]
        parameters.reserveCapacity(32)
        guard var entry = unsafe request.pointee.envp else { return parameters }
        while let text = unsafe entry.pointee {
            // Search by bytes: searching for "=" by Character costs more than the rest of the request.
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
