/// A small picture that contains only luma, with one byte per pixel and no padding between lines.
///
/// The motion gate needs a picture with an eighth of the width and height of the camera's picture. libjpeg-turbo's
/// scaled decoder produces it. Each pixel is the mean of 8x8 pixels, which removes most of the noise.
public struct GreyPicture: Sendable {
    public let width: Int
    public let height: Int
    /// The pixels line by line from the top left; there are `width` x `height` of them.
    public var pixels: [UInt8]

    /// Creates a picture; returns nil if the number of pixels does not match the size, or if a side is shorter than 8.
    public init?(width: Int, height: Int, pixels: [UInt8]) {
        guard width >= 8, height >= 8, pixels.count == width * height else { return nil }
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    var size: PictureSize { PictureSize(width: width, height: height) }
}

/// The luma of a part of a picture, to find out later whether that part has changed.
struct Patch: Sendable {
    /// The number of samples per side.
    ///
    /// This number is enough to show a face or a wheel, whatever the size of the box.
    private static let side = 12

    private let box: Box
    private var samples: [Float]

    /// - Parameters:
    ///   - box: The part of the picture, in pixels of the camera's picture.
    ///   - size: The size of the camera's picture.
    ///   - picture: The small grey picture of the same frame.
    init(_ box: Box, of size: PictureSize, in picture: GreyPicture) {
        self.box = box
        samples = Self.sample(box.scaled(from: size, to: picture.size), picture)
    }

    /// Returns how similar the same part of another picture is, as the normalised correlation from -1 to 1.
    ///
    /// Differences in brightness and contrast do not matter. If either part is uniform, the result is 0.
    func likeness(in picture: GreyPicture, of size: PictureSize) -> Float {
        let other = Self.sample(box.scaled(from: size, to: picture.size), picture)
        var product: Float = 0
        var mine: Float = 0
        var theirs: Float = 0
        for index in samples.indices {
            product += samples[index] * other[index]
            mine += samples[index] * samples[index]
            theirs += other[index] * other[index]
        }
        return mine > 0 && theirs > 0 ? product / (mine * theirs).squareRoot() : 0
    }

    /// Returns samples on an even grid, with their mean subtracted.
    private static func sample(_ box: Box, _ picture: GreyPicture) -> [Float] {
        var samples: [Float] = []
        samples.reserveCapacity(side * side)
        for line in 0..<side {
            let y = pixel(box.top + box.height * (Double(line) + 0.5) / Double(side), below: picture.height)
            for column in 0..<side {
                let x = pixel(box.left + box.width * (Double(column) + 0.5) / Double(side), below: picture.width)
                samples.append(Float(picture.pixels[y * picture.width + x]))
            }
        }
        let mean = samples.reduce(0, +) / Float(samples.count)
        for index in samples.indices { samples[index] -= mean }
        return samples
    }

    private static func pixel(_ position: Double, below limit: Int) -> Int {
        Int(min(max(position, 0), Double(limit - 1)))
    }
}
