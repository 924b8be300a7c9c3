/// A rectangle of pixels, which may be partly or completely outside a canvas.
public struct Rectangle: Sendable, Hashable {
    public let x: Int
    public let y: Int
    public let width: Int
    public let height: Int

    /// Creates a rectangle from its top left corner.
    ///
    /// A negative width or height is replaced by 0. All numbers are limited to ±2³⁰, which is more than the size of any
    /// canvas, so that their sums cannot overflow.
    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = Self.clamp(x)
        self.y = Self.clamp(y)
        self.width = max(0, Self.clamp(width))
        self.height = max(0, Self.clamp(height))
    }

    /// Whether the rectangle contains no pixels.
    public var isEmpty: Bool { width == 0 || height == 0 }

    static func clamp(_ number: Int) -> Int { min(max(number, -1 << 30), 1 << 30) }
}
