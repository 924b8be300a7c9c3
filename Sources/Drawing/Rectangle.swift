/// A rectangle of pixels; it may lie partly or wholly outside a canvas.
public struct Rectangle: Sendable, Hashable {
    public let x: Int
    public let y: Int
    public let width: Int
    public let height: Int

    /// Creates a rectangle from its top left corner.
    ///
    /// Negative sizes become 0. Numbers are limited to ±2³⁰, larger than any canvas, so that their sums cannot
    /// overflow.
    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = Self.clamp(x)
        self.y = Self.clamp(y)
        self.width = max(0, Self.clamp(width))
        self.height = max(0, Self.clamp(height))
    }

    /// Whether it has no pixels.
    public var isEmpty: Bool { width == 0 || height == 0 }

    static func clamp(_ number: Int) -> Int { min(max(number, -1 << 30), 1 << 30) }
}
