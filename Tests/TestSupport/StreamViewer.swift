import Linux
import MotionJPEG

/// A viewer of an MJPEG stream over HTTP.
public final class StreamViewer {
    /// A received picture.
    public struct Picture: Sendable {
        public let number: UInt64?
        /// The capture time in nanoseconds since 1970 (CLOCK_REALTIME), or nil if the part has no timestamp.
        public let timestamp: UInt64?
        public let bytes: [UInt8]
    }

    public let exchange: HTTPExchange
    private var parser: MultipartParser
    private var pictures: [Picture] = []

    /// Opens the stream at `url`.
    public init(_ url: String, headers: [String: String] = [:]) throws {
        exchange = try HTTPExchange("GET", url, headers: headers)
        parser = try MultipartParser(contentType: exchange.head["content-type"] ?? "")
    }

    /// Returns the next picture, or nil if the stream has ended.
    ///
    /// Throws if no picture arrives within `seconds`.
    public func next(within seconds: Double = 30) throws -> Picture? {
        let deadline = Deadline(seconds: seconds)
        while pictures.isEmpty {
            let bytes = try exchange.next(by: deadline)
            if bytes.isEmpty { return nil }
            try bytes.withRawSpan { span in
                try parser.feed(span) { headers, body in
                    var copy: [UInt8] = []
                    copy.append(contentsOf: body)
                    pictures.append(Picture(number: headers.frameNumber, timestamp: headers.timestamp, bytes: copy))
                }
            }
        }
        return pictures.removeFirst()
    }
}
