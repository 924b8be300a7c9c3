import Linux
import MotionJPEG

/// Fuzzes the multipart parser with any content type, any stream, and any split into slices.
enum MultipartTarget {
    private struct Part: Equatable {
        var headers: PartHeaders
        var bytes: [UInt8]
    }

    private struct Stopped: Error {}

    static func run(_ input: Input) {
        var input = input
        let flags = input.byte()
        let seed = input.byte()
        let maximumLength = [1, 2, 7, 64, 700, 5000, 40_000, 70_000][Int(flags & 7)]
        let contentType = flags & 0x80 != 0 ? input.line() : Multipart.contentType
        let limit = flags & 0x40 != 0 ? 100 : 1 << 20
        let parser: MultipartParser
        do throws(MultipartError) {
            parser = try MultipartParser(
                contentType: contentType, maximumHeaderByteCount: 300, maximumPartByteCount: limit)
        } catch {
            return
        }
        let stream = input.bytes
        let (whole, wholeError) = parse(parser, [stream[...]], limit)
        let slices = Array(Slices(stream, seed: seed, maximumLength: maximumLength))
        let (sliced, slicedError) = parse(parser, slices, limit)
        let common = min(whole.count, sliced.count)
        check(whole.prefix(common) == sliced.prefix(common), "the parts do not depend on the slices")
        if wholeError == nil, slicedError == nil {
            check(whole.count == sliced.count, "the number of parts does not depend on the slices")
        }
        check((wholeError == nil) == (slicedError == nil), "whether there is an error does not depend on the slices")
        check(whole.reduce(0) { $0 + $1.bytes.count } <= stream.count, "no byte is delivered twice")
        stop(parser, stream)
    }

    private static func parse(
        _ parser: MultipartParser, _ slices: [ArraySlice<UInt8>], _ limit: Int
    ) -> ([Part], MultipartError?) {
        var parser = parser
        var parts: [Part] = []
        do {
            for slice in slices {
                try Array(slice).withRawSpan { bytes in
                    try parser.feed(bytes) { headers, bytes in
                        var copy: [UInt8] = []
                        copy.append(contentsOf: bytes)
                        parts.append(Part(headers: headers, bytes: copy))
                        examine(headers, copy, limit)
                    }
                }
            }
        } catch {
            guard let error = error as? MultipartError else {
                fatalError("an error that is not a MultipartError: \(error)")
            }
            return (parts, error)
        }
        return (parts, nil)
    }

    private static func examine(_ headers: PartHeaders, _ bytes: [UInt8], _ limit: Int) {
        check(bytes.count <= limit, "a part is not longer than allowed")
        guard let picture = headers.picture else { return }
        check(picture.byteCount == bytes.count, "a picture is as long as its part")
        let info = bytes.withRawSpan { try? JPEG.inspect($0) }
        check(
            info == picture,
            "inspecting the part alone gives the same result: \(picture), \(info.map { "\($0)" } ?? "none")"
        )
    }

    /// Checks that the parser rethrows its callback's error unchanged, and that the parser can be released afterwards.
    private static func stop(_ parser: MultipartParser, _ stream: [UInt8]) {
        var parser = parser
        do {
            try stream.withRawSpan { bytes in try parser.feed(bytes) { _, _ in throw Stopped() } }
        } catch is Stopped {
            return
        } catch {
            check(error is MultipartError, "the error is a MultipartError")
        }
    }
}
