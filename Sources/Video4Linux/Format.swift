import CVideo4Linux
import Linux

/// A pixel format that a camera offers, with its sizes.
public struct Format: Equatable, Sendable {
    public let pixelFormat: PixelFormat
    /// The driver's description.
    public let text: String
    public let isCompressed: Bool
    public let sizes: FrameSizes
}

/// The sizes that a camera offers in one format.
public enum FrameSizes: Equatable, Sendable {
    case discrete([FrameSize])
    /// Any size from `smallest` to `largest` in steps of `step`. `rates` are the rates of the largest size.
    case stepwise(smallest: PictureSize, largest: PictureSize, step: PictureSize, rates: FrameRates)
    /// The driver does not list sizes. If it does not support a requested size, it chooses another one.
    case unknown

    /// Returns the size to request if the user wants the size `wanted`.
    ///
    /// This is the wanted size if the camera offers it. Otherwise, it is the largest offered size that fits into the
    /// wanted size or, if none fits, the smallest offered size.
    public func nearest(to wanted: PictureSize) -> PictureSize {
        switch self {
        case .unknown: return wanted
        case .stepwise(let smallest, let largest, let step, _):
            return PictureSize(
                width: Self.nearest(wanted.width, smallest.width, largest.width, step.width),
                height: Self.nearest(wanted.height, smallest.height, largest.height, step.height))
        case .discrete(let sizes):
            let fitting = sizes.map(\.size).filter { $0.width <= wanted.width && $0.height <= wanted.height }
            return fitting.max { $0.pixelCount < $1.pixelCount }
                ?? sizes.map(\.size).min { $0.pixelCount < $1.pixelCount } ?? wanted
        }
    }

    private static func nearest(_ wanted: Int, _ smallest: Int, _ largest: Int, _ step: Int) -> Int {
        let bounded = min(max(wanted, smallest), max(smallest, largest))
        return bounded - (bounded - smallest) % max(1, step)
    }

    /// Returns the rates that the camera offers at `size`.
    public func rates(at size: PictureSize) -> FrameRates {
        switch self {
        case .unknown: .unknown
        case .stepwise(_, _, _, let rates): rates
        case .discrete(let sizes): sizes.first { $0.size == size }?.rates ?? .unknown
        }
    }
}

/// A size, and the rates that the camera offers at this size.
public struct FrameSize: Equatable, Sendable {
    public let size: PictureSize
    public let rates: FrameRates
}

/// The frame rates that a camera offers in one format and size.
public enum FrameRates: Equatable, Sendable {
    /// A list of rates, which begins with the highest.
    case discrete([FrameRate])
    case range(ClosedRange<FrameRate>)
    case unknown

    /// Returns the rate to request if the user wants the rate `wanted`.
    ///
    /// This is the lowest offered rate that is not below the wanted rate, because extra frames can be dropped later. If
    /// all offered rates are below the wanted rate, it is the highest of them.
    public func nearest(to wanted: FrameRate) -> FrameRate {
        switch self {
        case .unknown: return wanted
        case .range(let range): return min(max(wanted, range.lowerBound), range.upperBound)
        case .discrete(let rates):
            // A rate may be 1 % too low, so that a camera's rate of 29.97 counts as 30, and 14.99 counts as 15.
            let enough = rates.filter { $0.framesPerSecond >= wanted.framesPerSecond * 0.99 }
            return enough.min() ?? rates.max() ?? wanted
        }
    }
}
