import Curl
import Linux
import MotionJPEG

/// Parses the body of an upstream's response, which is a stream of pictures or a single picture.
final class StreamReceiver {
    /// What the body is.
    private enum Form {
        /// No byte has arrived yet.
        case undecided
        /// The Content-Type does not say whether this is a stream, so the first bytes decide.
        case sniffing(type: String)
        case stream, still
    }

    private let maximumPictureByteCount: Int
    private let onPicture: (RawSpan, PartHeaders) -> Void
    private var form = Form.undecided
    private var parser: MultipartParser?
    private var still: [UInt8] = []
    /// The first bytes of the body.
    private var head: [UInt8] = []

    /// Why the response was rejected, or nil if it was not rejected.
    private(set) var problem: UpstreamProblem?

    /// Creates a receiver that calls `onPicture` with the bytes and the headers of each picture.
    init(maximumPictureByteCount: Int, onPicture: @escaping (RawSpan, PartHeaders) -> Void) {
        self.maximumPictureByteCount = maximumPictureByteCount
        self.onPicture = onPicture
    }

    /// Parses the next bytes of the body.
    ///
    /// Returns false if the response is unusable, for the reason in ``problem``.
    func receive(_ transfer: borrowing Transfer, _ bytes: RawSpan) -> Bool {
        do throws(UpstreamProblem) {
            if case .undecided = form { form = try decide(transfer) }
            let keptCount = head.count
            keepHead(bytes)
            if case .sniffing(let type) = form {
                guard let decided = try sniff(type) else { return true }
                form = decided
                // The bytes of earlier calls have not been parsed yet.
                try Array(head.prefix(keptCount)).withRawSpan { (piece) throws(UpstreamProblem) in try take(piece) }
            }
            try take(bytes)
            return true
        } catch {
            problem = error
            return false
        }
    }

    private func take(_ bytes: RawSpan) throws(UpstreamProblem) {
        switch form {
        case .undecided, .sniffing: break
        case .stream: try parse(bytes)
        case .still: try append(bytes)
        }
    }

    private func keepHead(_ bytes: RawSpan) {
        let count = min(bytes.byteCount, PayloadKind.maximumByteCount - head.count)
        if count > 0 { head.append(contentsOf: bytes.extracting(0..<count)) }
    }

    /// Returns what the body is according to its first bytes, or nil if more bytes are needed.
    ///
    /// Throws if the body is neither a stream nor a picture.
    private func sniff(_ type: String) throws(UpstreamProblem) -> Form? {
        let content = head.drop { [0x0D, 0x0A, 0x20, 0x09].contains($0) }
        guard content.count >= 16 || head.count == PayloadKind.maximumByteCount else { return nil }
        let text = String(decoding: content.prefix(13), as: UTF8.self).lowercased()
        let isMultipart = text.hasPrefix("--") || text == "content-type:"
        guard isMultipart || content.starts(with: [0xFF, 0xD8]) else {
            if type.hasPrefix("image/") { return .still }
            throw .notPictures(contentType: "\(type), \(PayloadKind.description(head))")
        }
        if !isMultipart, type.hasPrefix("image/") { return .still }
        parser = MultipartParser(maximumPartByteCount: maximumPictureByteCount)
        return .stream
    }

    /// The problem of a stream that has delivered data but no part yet.
    ///
    /// It is nil if a part has arrived, or if no data at all has arrived.
    var missingParts: UpstreamProblem? {
        guard case .stream = form, let parser, !parser.hasFoundPart, !head.isEmpty else { return nil }
        return .noParts(PayloadKind.description(head))
    }

    /// Called when the response is complete.
    ///
    /// Returns true if the response was a single picture. The caller should then request the next picture.
    func finish(_ transfer: borrowing Transfer) -> Bool {
        switch form {
        case .still: break
        case .sniffing(let type) where type.hasPrefix("image/"):
            // The body is empty, or is too short to show what it contains.
            still = head
        case .sniffing(let type):
            problem = .notPictures(contentType: "\(type), \(PayloadKind.description(head))")
            return false
        case .undecided:
            // No part of the body has arrived, so the status and the headers have not been checked yet.
            if problem == nil {
                do throws(UpstreamProblem) { form = try decide(transfer) } catch { problem = error }
            }
            return false
        case .stream:
            if problem == nil { problem = missingParts }
            return false
        }
        var headers = PartHeaders()
        headers.timestamp = transfer.header("X-Timestamp").flatMap(PartHeaders.nanoseconds)
        headers.frameNumber = transfer.header("X-Frame-Id").flatMap { UInt64($0) }
        still.withRawSpan { onPicture($0, headers) }
        still.removeAll(keepingCapacity: true)
        head.removeAll(keepingCapacity: true)
        form = .undecided
        return true
    }

    private func decide(_ transfer: borrowing Transfer) throws(UpstreamProblem) -> Form {
        guard transfer.status == 200 else { throw .status(transfer.status) }
        let type = transfer.contentType ?? ""
        let essence = type.prefix { $0 != ";" }.lowercased().filter { !$0.isWhitespace }
        if essence.hasPrefix("multipart/") {
            do {
                parser = try MultipartParser(contentType: type, maximumPartByteCount: maximumPictureByteCount)
            } catch {
                throw .brokenStream(UntrustedText.clean("\(error)"))
            }
            return .stream
        }
        let name = essence.isEmpty ? "no Content-Type" : UntrustedText.clean(essence)
        guard essence.hasPrefix("image/jp") || essence == "image/pjpeg" || Self.isVague(essence) else {
            throw .notPictures(contentType: name)
        }
        if let length = transfer.contentLength, length > maximumPictureByteCount {
            throw .pictureTooLarge(limit: maximumPictureByteCount)
        }
        return .sniffing(type: name)
    }

    /// Returns whether this Content-Type leaves open what the body contains.
    ///
    /// Some servers send JPEGs with such a type.
    private static func isVague(_ essence: String) -> Bool {
        essence.isEmpty || essence.hasPrefix("video/") || ["application/octet-stream", "text/plain"].contains(essence)
    }

    private func parse(_ bytes: RawSpan) throws(UpstreamProblem) {
        do {
            try parser?.feed(bytes) { headers, picture in onPicture(picture, headers) }
        } catch MultipartError.partTooLarge {
            throw .pictureTooLarge(limit: maximumPictureByteCount)
        } catch {
            throw .brokenStream(UntrustedText.clean("\(error)"))
        }
    }

    private func append(_ bytes: RawSpan) throws(UpstreamProblem) {
        guard still.count + bytes.byteCount <= maximumPictureByteCount else {
            throw .pictureTooLarge(limit: maximumPictureByteCount)
        }
        still.append(contentsOf: bytes)
    }
}
