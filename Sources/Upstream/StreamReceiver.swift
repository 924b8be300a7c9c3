import Curl
import Linux
import MotionJPEG

/// Parses the body of an upstream's response: a stream of pictures, or one picture.
final class StreamReceiver {
    private enum Form { case undecided, stream, still }

    private let maximumPictureByteCount: Int
    private let onPicture: (RawSpan, PartHeaders) -> Void
    private var form = Form.undecided
    private var parser: MultipartParser?
    private var still: [UInt8] = []

    /// Why the response was rejected, if it was.
    private(set) var problem: UpstreamProblem?

    /// Calls `onPicture` with the bytes and the headers of each picture.
    init(maximumPictureByteCount: Int, onPicture: @escaping (RawSpan, PartHeaders) -> Void) {
        self.maximumPictureByteCount = maximumPictureByteCount
        self.onPicture = onPicture
    }

    /// Parses a piece of the body; returns false if the response is unusable: see ``problem``.
    func receive(_ transfer: borrowing Transfer, _ bytes: RawSpan) -> Bool {
        do throws(UpstreamProblem) {
            if form == .undecided { form = try decide(transfer) }
            switch form {
            case .undecided: break
            case .stream: try parse(bytes)
            case .still: try append(bytes)
            }
            return true
        } catch {
            problem = error
            return false
        }
    }

    /// Completes a response; returns true if it was a single picture, after which the next should be requested.
    func finish(_ transfer: borrowing Transfer) -> Bool {
        guard form == .still else {
            // A response without a body has not been checked yet.
            if form == .undecided && problem == nil {
                do throws(UpstreamProblem) { form = try decide(transfer) } catch { problem = error }
            }
            return false
        }
        var headers = PartHeaders()
        headers.timestamp = transfer.header("X-Timestamp").flatMap(PartHeaders.nanoseconds)
        headers.frameNumber = transfer.header("X-Frame-Id").flatMap { UInt64($0) }
        still.withRawSpan { onPicture($0, headers) }
        still.removeAll(keepingCapacity: true)
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
        guard essence == "image/jpeg" || essence == "image/jpg" else {
            throw .notPictures(contentType: essence.isEmpty ? "no Content-Type" : UntrustedText.clean(essence))
        }
        if let length = transfer.contentLength, length > maximumPictureByteCount {
            throw .pictureTooLarge(limit: maximumPictureByteCount)
        }
        return .still
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
