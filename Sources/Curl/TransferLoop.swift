import CCurl
public import Linux

/// Performs several transfers on one thread, with a multi handle of libcurl.
///
/// The transfers share the handle's connections and DNS cache. The handle exists as long as the object, and only the
/// object's methods use it. Call them only from the thread that owns the object.
@safe
public final class TransferLoop {
    /// A finished transfer and its result.
    public struct Completion {
        public let transfer: Transfer
        public let result: TransferResult
        /// libcurl's description of a failure, which may contain text that the server sent.
        public let detail: String
    }

    private let handle: UnsafeMutableRawPointer
    /// The transfers in progress.
    ///
    /// They are retained here while libcurl uses them.
    private var transfers: [ObjectIdentifier: Transfer] = [:]

    /// - Parameter idleConnectionCount: The maximum number of idle connections that are kept open for later transfers.
    public init(idleConnectionCount: Int) {
        guard let handle = unsafe curl_multi_init() else { preconditionFailure("curl_multi_init: out of memory") }
        unsafe self.handle = handle
        _ = unsafe curl_multi_set_long(handle, CURLMOPT_MAXCONNECTS, idleConnectionCount)
    }

    deinit {
        for transfer in transfers.values { unsafe curl_multi_remove_handle(handle, transfer.handle) }
        transfers.removeAll()
        unsafe curl_multi_cleanup(handle)
    }

    /// Starts a transfer.
    public func add(_ transfer: Transfer) {
        guard transfers.updateValue(transfer, forKey: ObjectIdentifier(transfer)) == nil else { return }
        unsafe curl_multi_add_handle(handle, transfer.handle)
    }

    /// Aborts a transfer; does nothing if it is not in progress.
    ///
    /// The closure that receives the body must not call this function, but it can return false to abort the transfer.
    public func remove(_ transfer: Transfer) {
        guard transfers.removeValue(forKey: ObjectIdentifier(transfer)) != nil else { return }
        unsafe curl_multi_remove_handle(handle, transfer.handle)
    }

    /// Waits for activity, handles it, and returns the transfers that have finished.
    ///
    /// The wait ends after `timeout` at the latest, and also when `alarm` becomes readable.
    public func run(timeout: Duration, alarm: borrowing EventDescriptor) -> [Completion] {
        var extra = curl_waitfd(fd: alarm.descriptor.number, events: Int16(CURL_WAIT_POLLIN), revents: 0)
        let code = unsafe curl_multi_poll(handle, &extra, 1, Int32(clamping: timeout.millisecondsRoundedUp), nil)
        if code != CURLM_OK {
            // libcurl has not waited, for example because there is no memory. Without a pause, the caller would spin.
            Poll.wait([alarm.descriptor.number], milliseconds: min(timeout.millisecondsRoundedUp, 100))
        }
        return perform()
    }

    /// Advances all transfers as far as possible without waiting; returns the transfers that have finished.
    private func perform() -> [Completion] {
        var running: CInt = 0
        unsafe curl_multi_perform(handle, &running)
        var completions: [Completion] = []
        var remaining: CInt = 0
        while let message = unsafe curl_multi_info_read(handle, &remaining) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let easy = unsafe message.pointee.easy_handle,
                let transfer = transfers.values.first(where: { unsafe $0.handle == easy })
            else { continue }
            let code = unsafe message.pointee.data.result
            let text = transfer.errorDetail
            completions.append(
                Completion(
                    transfer: transfer, result: TransferResult(code, of: transfer),
                    detail: text.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : text))
            remove(transfer)
        }
        return completions
    }
}
