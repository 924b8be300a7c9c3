import Linux
import MotionJPEG
import TurboJPEG

@testable import Detection

/// Fuzzes what happens to a picture from a camera or a client.
///
/// The picture is decoded and scaled to the neural network's input size. It is also turned without being decoded.
enum PictureTarget {
    static func run(_ input: Input) {
        var input = input
        let choice = input.byte()
        let bytes = input.bytes
        bytes.withRawSpan { jpeg in
            guard (try? PictureLimits.check(jpeg, isTruncationAllowed: choice & 1 == 1)) != nil,
                let info = try? JPEG.inspect(jpeg, isTruncationAllowed: choice & 1 == 1)
            else { return }
            // Larger pictures take longer, and they reveal no other bugs.
            guard info.width * info.height <= 1 << 16 else { return }
            decode(jpeg, choice)
            turn(jpeg, choice)
        }
    }

    private static func decode(_ jpeg: RawSpan, _ choice: UInt8) {
        guard let decoder = try? JPEGDecoder(), let size = try? decoder.size(of: jpeg) else { return }
        let (inputWidth, inputHeight) = Letterbox.inputSize(
            pictureWidth: size.width, pictureHeight: size.height, longSide: 64)
        let letterbox = Letterbox(
            pictureWidth: size.width, pictureHeight: size.height, inputWidth: inputWidth, inputHeight: inputHeight)
        let formats = JPEGDecoder.Format.allCases
        let format = formats[Int(choice >> 1) % formats.count]
        let scales = JPEGDecoder.scales
        let scale = scales[Int(choice >> 3) % scales.count]
        guard let picture = try? decoder.decode(jpeg, to: format, scale: scale) else { return }
        check(
            picture.width == scale(size.width) && picture.height == scale(size.height),
            "the picture's size is the original size times the scale")
        check(
            picture.pixels.count == picture.width * picture.height * format.bytesPerPixel,
            "the picture has exactly the bytes of its pixels")
        guard format == .bgr24 else { return }
        var tensor: [Float] = []
        letterbox.fill(&tensor, from: picture.pixels, width: picture.width, height: picture.height)
        check(tensor.count == 3 * inputWidth * inputHeight, "there is a number for each input of the neural network")
        check(tensor.allSatisfy { 0...255 ~= $0 }, "the numbers are from 0 to 255")
    }

    private static func turn(_ jpeg: RawSpan, _ choice: UInt8) {
        let turn = Turn.allCases[Int(choice) % Turn.allCases.count]
        guard let transformer = try? JPEGTransformer(), let decoder = try? JPEGDecoder(),
            let size = try? decoder.size(of: jpeg)
        else { return }
        var output = [UInt8](repeating: 0, count: JPEGTransformer.bound(width: size.width, height: size.height))
        let turned = output.withMutableRawSpan { try? transformer.transform(jpeg, turn, into: &$0) }
        guard let turned else { return }
        check(turned.byteCount <= output.count, "the output is not larger than its bound")
    }
}
