import CCurl
import Linux

/// Several transfers on one thread: a multi handle, its connections and its cache of names.
@safe
final class TransferLoop {
    /// How a transfer ended.
    struct Completion {
        let transfer: Transfer
        let result: CURLcode
    }

    private let handle: UnsafeMutableRawPointer
    /// Kept alive while libcurl uses them.
    private var transfers: [ObjectIdentifier: Transfer] = [:]

    init() {
        guard let handle = unsafe curl_multi_init() else { preconditionFailure("curl_multi_init: out of memory") }
        unsafe self.handle = handle
        // Of connections that are done with, one is kept, and only while there is no other: a camera has one
        // connection, but for the moment of a question beside its stream.
        _ = unsafe curl_multi_set_long(handle, CURLMOPT_MAXCONNECTS, 1)
    }

    deinit {
        for transfer in transfers.values { unsafe curl_multi_remove_handle(handle, transfer.handle) }
        transfers.removeAll()
        unsafe curl_multi_cleanup(handle)
    }

    /// Starts a transfer.
    func add(_ transfer: Transfer) {
        guard transfers.updateValue(transfer, forKey: ObjectIdentifier(transfer)) == nil else { return }
        unsafe curl_multi_add_handle(handle, transfer.handle)
    }

    /// Ends a transfer where it stands; does nothing when it has ended.
    ///
    /// Not to be called while bytes are received: refuse them instead.
    func remove(_ transfer: Transfer) {
        guard transfers.removeValue(forKey: ObjectIdentifier(transfer)) != nil else { return }
        unsafe curl_multi_remove_handle(handle, transfer.handle)
    }

    /// Sleeps until there is something to do, at most `milliseconds`, does it, and tells which transfers ended.
    ///
    /// `alarm` becoming readable ends the sleep.
    func run(milliseconds: Int, alarm: borrowing EventDescriptor) -> [Completion] {
        var extra = curl_waitfd(fd: alarm.descriptor.number, events: Int16(CURL_WAIT_POLLIN), revents: 0)
        unsafe curl_multi_poll(handle, &extra, 1, Int32(clamping: milliseconds), nil)
        return perform()
    }

    /// Does what can be done at once.
    func perform() -> [Completion] {
        var running: CInt = 0
        unsafe curl_multi_perform(handle, &running)
        var completions: [Completion] = []
        var remaining: CInt = 0
        while let message = unsafe curl_multi_info_read(handle, &remaining) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let easy = unsafe message.pointee.easy_handle,
                let transfer = transfers.values.first(where: { unsafe $0.handle == easy })
            else { continue }
            completions.append(Completion(transfer: transfer, result: unsafe message.pointee.data.result))
            remove(transfer)
        }
        return completions
    }
}
