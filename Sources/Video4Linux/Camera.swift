import Glibc
import Linux
public import SystemPackage

/// An open camera, which streams from a call of `start` until `stop` is called.
///
/// A camera must be used by one thread only. After an error whose reason is `lost`, the object must be released and the
/// camera opened again.
public final class Camera {
    /// The path that was passed to the initializer.
    public let path: FilePath
    /// The camera's name, such as `HD Pro Webcam C920`.
    public let name: String
    public let driver: String
    /// The position on the bus, such as `usb-0000:00:14.0-1`.
    public let bus: String
    /// Identifies this camera even if its node's name changes.
    public let identity: CameraIdentity
    /// The configured format; nil before `configure`.
    public private(set) var format: CaptureFormat?

    /// The camera's controls and formats, which any thread may use.
    public let access: ControlAccess
    private let calls: CaptureCalls
    private var buffers: BufferSet?
    private var isStreaming = false
    private var lastSequence: UInt32?
    private var counts = BufferCounts()

    /// Opens the node at `path`, which may also be a symbolic link in a folder such as /dev/v4l/by-id.
    public init(_ path: FilePath) throws(CameraError) {
        let node = try Node(path)
        guard let capability = node.capability() else {
            throw CameraError(.notCamera, "\(path) is not a Video4Linux device: choose another --device")
        }
        guard capability.canCapture else { throw CameraError(notCamera: path, capability) }
        self.path = path
        name = capability.card
        driver = capability.driver
        bus = capability.bus
        identity = CameraIdentity(of: node.descriptor.number, name: capability.card, bus: capability.bus)
        calls = CaptureCalls(isMultiplanar: capability.isMultiplanar)
        access = ControlAccess(
            node, calls.type, name: capability.card, driver: capability.driver, identity: identity)
    }

    deinit {
        stop()
    }

    /// Returns the formats that the camera offers, in the driver's order.
    public func formats() -> [Format] { access.formats() }

    /// Sets the format, size and rate, and returns what the driver has chosen, which may differ.
    ///
    /// The camera must not be streaming. Throws `noUsableFormat`, `busy`, `lost` or `failed`.
    @discardableResult
    public func configure(_ request: CaptureRequest) throws(CameraError) -> CaptureFormat {
        let offered = formats()
        guard let (pixelFormat, size) = request.choose(from: offered) else {
            throw CameraError(noUsableFormat: path, request, offered)
        }
        do {
            var format = try calls.setFormat(access.node, pixelFormat, size)
            guard format.pixelFormat.isUsable else {
                throw SystemError("VIDIOC_S_FMT", "\(path)", .invalidArgument)
            }
            if let defect = format.defect { throw CameraError(.failed, "\(path) cannot be used: \(defect)") }
            let rates = offered.first { $0.pixelFormat == format.pixelFormat }?.sizes.rates(at: format.size)
            format.rate = calls.setRate(access.node, request.rate.map { (rates ?? .unknown).nearest(to: $0) })
            self.format = format
            return format
        } catch let error as CameraError {
            throw error
        } catch let error as SystemError {
            throw CameraError(path, error)
        } catch {
            throw CameraError(.failed, "\(path) failed: \(error)")
        }
    }

    /// Starts streaming into `bufferCount` buffers, or fewer if the driver does not provide that many.
    ///
    /// One buffer is enough.
    public func start(bufferCount: Int = 4) throws(CameraError) {
        precondition(format != nil && !isStreaming)
        do throws(SystemError) {
            let count = try calls.requestBuffers(access.node, count: bufferCount)
            guard count > 0 else { throw SystemError("VIDIOC_REQBUFS", "\(path)", .noMemory) }
            let calls = calls
            let buffers = try BufferSet(count) { (index) throws(SystemError) in
                try BufferMapping(
                    access.node.descriptor, unsafe try calls.buffer(access.node, .queryBuffer, index: index))
            }
            self.buffers = buffers
            for index in 0..<count { _ = unsafe try calls.buffer(access.node, .queueBuffer, index: index) }
            try calls.setStreaming(access.node, true)
            isStreaming = true
            lastSequence = nil
        } catch {
            stop()
            throw CameraError(path, error)
        }
    }

    /// Stops streaming and frees the buffers.
    ///
    /// Does nothing if the camera is not streaming or is gone.
    public func stop() {
        if isStreaming { try? calls.setStreaming(access.node, false) }
        isStreaming = false
        guard buffers != nil else { return }
        // REQBUFS with 0 fails while buffers are mapped (V4L2 API, VIDIOC_REQBUFS).
        buffers = nil
        _ = try? calls.requestBuffers(access.node, count: 0)
    }

    /// The descriptor to poll.
    ///
    /// poll(2) reports POLLIN if a frame is ready, and POLLERR or POLLHUP if the camera is gone.
    public var pollDescriptor: CInt { access.node.descriptor.number }

    /// Calls `body` with the newest whole frame and returns its result, or nil if there is no whole frame.
    ///
    /// Older frames are skipped and counted (see `takeCounts`). Throws `lost` if the camera is gone.
    public func withNewestFrame<Value>(
        _ body: (CapturedFrame, RawSpan) -> Value
    ) throws(CameraError) -> Value? {
        guard let buffers, let format else { return nil }
        var newest: BufferState?
        do throws(SystemError) {
            while let state = try dequeue() {
                guard state.index < buffers.count else {
                    throw SystemError("VIDIOC_DQBUF", "\(path)", .invalidArgument)
                }
                count(state)
                guard isWhole(state, format, in: buffers) else {
                    try requeue(state)
                    continue
                }
                if let stale = newest {
                    counts.stale += 1
                    newest = state
                    try requeue(stale)
                } else {
                    newest = state
                }
                // While the only buffer is dequeued, the driver cannot deliver a newer frame.
                if buffers.count == 1 { break }
            }
            guard let newest else { return nil }
            let frame = CapturedFrame(newest, now: Clock.monotonic)
            let value = buffers.withPicture(newest) { body(frame, $0) }
            try requeue(newest)
            return value
        } catch {
            throw CameraError(path, error)
        }
    }

    /// Returns the counts of buffers, and resets them to 0.
    public func takeCounts() -> BufferCounts {
        defer { counts = BufferCounts() }
        return counts
    }

    /// Dequeues a filled buffer; returns nil if there is none.
    private func dequeue() throws(SystemError) -> BufferState? {
        do throws(SystemError) {
            return unsafe try calls.buffer(access.node, .dequeueBuffer, index: 0)
        } catch {
            if error.errno == .resourceTemporarilyUnavailable { return nil }
            throw error
        }
    }

    private func requeue(_ state: BufferState) throws(SystemError) {
        _ = unsafe try calls.buffer(access.node, .queueBuffer, index: state.index)
    }

    private func count(_ state: BufferState) {
        counts.dequeued += 1
        if state.isFlagged { return counts.flagged += 1 }
        if let lastSequence {
            let gap = state.sequence &- lastSequence
            if gap > 1 && gap < 1 << 16 { counts.missed += Int(gap) - 1 }
        }
        lastSequence = state.sequence
    }

    /// Returns whether the buffer contains a whole picture.
    ///
    /// If it does not, counts the buffer as empty or truncated.
    private func isWhole(_ state: BufferState, _ format: CaptureFormat, in buffers: BufferSet) -> Bool {
        if state.isFlagged { return false }
        if state.usedByteCount == 0 {
            counts.empty += 1
            return false
        }
        if let whole = format.wholeByteCount, buffers.pictureByteCount(state) < whole {
            counts.truncated += 1
            return false
        }
        return true
    }
}
