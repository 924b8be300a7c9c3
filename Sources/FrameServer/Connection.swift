import FastCGI
import Linux
import SystemPackage

/// One connection of a web server: one request and its answer.
///
/// The event loop's alone.
final class Connection {
    /// What the connection is waiting for.
    enum Phase: Equatable {
        /// The head of its request.
        case arriving
        /// The body of its request.
        case receiving
        /// What a camera's control socket answers.
        case asking
        /// Pictures, for as long as it stays.
        case streaming
        /// A frame for a snapshot.
        case waiting
        /// Its answer to be sent.
        case ending
        /// The web server to close, after the answer.
        case lingering
    }

    /// What ``sendOutput()`` came to.
    enum Progress {
        case done
        /// The socket is full.
        case blocked
        /// The web server has gone.
        case failed
    }

    let token: UInt64
    let socket: Descriptor
    var phase = Phase.arriving
    /// When it is given up (monotonic ns), where it waits for something that may not come.
    var deadline: UInt64
    var request: UInt16 = 1
    /// Whether the loop is told when the socket takes bytes again.
    var isArmed = false

    // What is on its way: the bytes, then the image, then what ends the stream.
    var bytes: [UInt8] = []
    private var byteOffset = 0
    private(set) var image: WireImage?
    private var imageOffset = 0
    private var afterImage: [UInt8] = []
    /// What was sent last, until the web server has been seen to have read it.
    private var unread: WireImage?

    /// The camera of a stream or of a snapshot that waits.
    var camera: Camera?
    var viewer = Viewer()
    var snapshot: SnapshotRequest?
    var exchange: ControlExchange?

    init(token: UInt64, socket: consuming Descriptor, deadline: UInt64) {
        self.token = token
        self.socket = socket
        self.deadline = deadline
    }

    deinit {
        image?.keepFromReuse()
        unread?.keepFromReuse()
    }

    var hasOutput: Bool { !bytes.isEmpty || image != nil }

    /// Makes `image` the next thing to be sent; another request than 1 gets a copy of its own.
    func begin(_ image: WireImage) {
        if request == 1 {
            self.image = image
            imageOffset = 0
        } else {
            bytes += image.records(of: request)
        }
    }

    /// Puts `ending` behind what is on its way, as the last thing to be sent.
    func finish(with ending: [UInt8]) {
        if image == nil { bytes += ending } else { afterImage = ending }
    }

    /// Sends until all is out or the socket is full.
    func sendOutput() -> Progress {
        while byteOffset < bytes.count {
            switch Socket.send(bytes, from: byteOffset, to: socket.number) {
            case .success(let count): byteOffset += count
            case .failure(let errno): return Self.progress(after: errno)
            }
        }
        if !bytes.isEmpty {
            bytes = []
            byteOffset = 0
        }
        guard let image else { return .done }
        while imageOffset < image.byteCount {
            switch image.send(from: imageOffset, to: socket.number) {
            case .success(let count) where count > 0: imageOffset += count
            case .success: return .failed
            case .failure(let errno): return Self.progress(after: errno)
            }
        }
        leaveUnread(image)
        self.image = nil
        guard !afterImage.isEmpty else { return .done }
        bytes = afterImage
        afterImage = []
        return sendOutput()
    }

    /// The socket has been seen empty: the web server has read all that was sent.
    func noteRead() { unread = nil }

    private func leaveUnread(_ image: WireImage) {
        unread?.keepFromReuse()
        // A viewer who takes one picture in a while would hold on to it, and others to other ones.
        guard viewer.interval == 0, phase == .streaming else {
            image.keepFromReuse()
            return
        }
        unread = image
    }

    private static func progress(after errno: Errno) -> Progress {
        errno == .resourceTemporarilyUnavailable || errno == .noMemory ? .blocked : .failed
    }
}

/// What a stream's viewer has seen, and how often it wants to see more.
struct Viewer {
    var framing = Framing.standard
    /// The sequence of the picture that was begun last; 0 before the first.
    var shown: UInt64 = 0
    /// When that was (monotonic ns).
    var begun: UInt64 = 0
    /// The least time from picture to picture in nanoseconds; 0: as they come.
    var interval: UInt64 = 0
    /// When the next picture may begin, in the rhythm of `interval`.
    var due: UInt64 = 0
    /// The place among the camera's viewers.
    var index = 0

    /// Whether the next picture may begin: an eighth of the interval early is on time, since cameras are not exact.
    func isDue(_ now: UInt64) -> Bool { interval == 0 || now + interval / 8 >= due }

    /// Notes that a picture begins now.
    mutating func begin(_ sequence: UInt64, now: UInt64) {
        shown = sequence
        begun = now
        guard interval > 0 else { return }
        // Keeps the rhythm over small delays, and begins a new one after a longer pause.
        due = due + interval * 2 < now ? now + interval : due + interval
    }
}
