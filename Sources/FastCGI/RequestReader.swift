import CFastCGI
import Glibc
import Linux

/// Parses the heads of requests by libfcgi: the one place where it reads anything.
///
/// One thread uses it. libfcgi reads from a descriptor and waits for what is missing, so it gets a complete head, found
/// valid by ``RequestHead``, through a socket of this process that never blocks.
///
/// Safe because the request's memory is allocated once, freed in `deinit` and never leaves this class.
@safe
public final class RequestReader {
    // libfcgi's streams keep the request's address, so it has memory of its own.
    private let request: UnsafeMutablePointer<FCGX_Request>
    private var pair: SocketPair

    /// Throws ``FastCGIError`` if libfcgi does not start, `SystemError` if there are no descriptors.
    public init() throws {
        guard Library.isInitialized else { throw FastCGIError.libraryUnavailable }
        pair = try Socket.pair()
        unsafe request = .allocate(capacity: 1)
        unsafe request.initialize(to: FCGX_Request())
    }

    deinit {
        unsafe request.deallocate()
    }

    /// Parses a head that ``RequestHead`` has found complete.
    public func read(_ head: ArraySlice<UInt8>) throws -> Request {
        do {
            try write(head)
            let request = try readFromPair()
            discardRest()
            return request
        } catch {
            // What libfcgi has left unread must not be the beginning of the next request.
            pair = try Socket.pair()
            throw error
        }
    }

    private func write(_ head: ArraySlice<UInt8>) throws {
        let bytes = Array(head)
        var offset = 0
        while offset < bytes.count {
            // A head is at most 64 KiB, which an empty socket takes at once.
            guard case .success(let count) = Socket.send(bytes, from: offset, to: pair.first.number) else {
                throw FastCGIError.unreadableRequest
            }
            offset += count
        }
    }

    private func readFromPair() throws -> Request {
        let copy = try pair.second.duplicate()
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

    /// Removes the padding behind the head, which libfcgi leaves unread.
    private func discardRest() {
        while case .success(let count) = Socket.discardInput(of: pair.second.number), count > 0 {}
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
