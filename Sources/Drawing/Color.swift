/// A colour in the encoding of JPEGs.
///
/// It consists of luma and two colour differences, each from 0 to 255. JFIF defines the encoding, which is ITU-R BT.601
/// with full range.
public struct Color: Sendable, Hashable {
    public var luma: UInt8
    public var blueDifference: UInt8
    public var redDifference: UInt8

    public init(luma: UInt8, blueDifference: UInt8 = 128, redDifference: UInt8 = 128) {
        self.luma = luma
        self.blueDifference = blueDifference
        self.redDifference = redDifference
    }

    /// Creates the colour that is nearest to the given amounts of red, green and blue (JFIF 1.02, conversion to YCbCr).
    public init(red: UInt8, green: UInt8, blue: UInt8) {
        let (red, green, blue) = (Double(red), Double(green), Double(blue))
        func sample(_ value: Double) -> UInt8 { UInt8(min(255, max(0, value + 0.5))) }
        luma = sample(0.299 * red + 0.587 * green + 0.114 * blue)
        blueDifference = sample(128 - 0.168736 * red - 0.331264 * green + 0.5 * blue)
        redDifference = sample(128 + 0.5 * red - 0.418688 * green - 0.081312 * blue)
    }

    public static let black = Color(luma: 0)
    public static let white = Color(luma: 255)

    /// Returns a shade of grey, from 0 (black) to 255 (white).
    public static func grey(_ luma: UInt8) -> Color { Color(luma: luma) }
}
