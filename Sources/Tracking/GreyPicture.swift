/// A small grey picture: luma, one byte a pixel, lines without padding.
///
/// The motion gate wants one of an eighth of the camera's picture, as libjpeg-turbo's scaled decode gives it: each
/// pixel is the mean of 8x8, which takes most of the noise out.
public struct GreyPicture: Sendable {
    public let width: Int
    public let height: Int
    /// `width` x `height` bytes.
    public var pixels: [UInt8]

    /// Returns nil if the number of pixels does not fit the size, or a side is shorter than 8.
    public init?(width: Int, height: Int, pixels: [UInt8]) {
        guard width >= 8, height >= 8, pixels.count == width * height else { return nil }
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    var size: PictureSize { PictureSize(width: width, height: height) }
}

/// The luma at a place, to tell later whether anything has changed there.
struct Patch: Sendable {
    /// Samples per side: enough for a face or a wheel, whatever the size of the box.
    private static let side = 12

    private let box: Box
    private var samples: [Float]

    /// - Parameters:
    ///   - box: In pixels of the camera's picture.
    ///   - size: The size of the camera's picture.
    ///   - picture: The small grey picture of the same frame.
    init(_ box: Box, of size: PictureSize, in picture: GreyPicture) {
        self.box = box
        samples = Self.sample(box.scaled(from: size, to: picture.size), picture)
    }

    /// Returns how alike the place looks in another picture: the normalised correlation, -1 to 1.
    ///
    /// Brightness and contrast do not matter. A place without structure is like nothing.
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

    /// Returns samples on an even grid, less their mean.
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
