import CVideo4Linux
import Linux

/// The maximum number of entries to read from a driver's list of formats, sizes or rates.
///
/// Real lists are much shorter, but the list of a faulty driver might never end.
private let maximumListLength: UInt32 = 256

extension Node {
    /// Returns the formats that the node offers with their sizes and rates, in the driver's order.
    func formats(_ type: UInt32) -> [Format] {
        pixelFormats(type).map { description in
            Format(
                pixelFormat: PixelFormat(code: description.pixelformat),
                text: text(description.description),
                isCompressed: description.flags & UInt32(V4L2_FMT_FLAG_COMPRESSED) != 0,
                sizes: sizes(description.pixelformat))
        }
    }

    private func pixelFormats(_ type: UInt32) -> [v4l2_fmtdesc] {
        var formats: [v4l2_fmtdesc] = []
        for index in 0..<maximumListLength {
            var description = v4l2_fmtdesc()
            description.index = index
            description.type = type
            do throws(SystemError) { try perform(.enumerateFormats, &description) } catch { break }
            formats.append(description)
        }
        return formats
    }

    private func sizes(_ pixelFormat: UInt32) -> FrameSizes {
        var discrete: [FrameSize] = []
        for index in 0..<maximumListLength {
            var entry = v4l2_frmsizeenum()
            entry.index = index
            entry.pixel_format = pixelFormat
            do throws(SystemError) { try perform(.enumerateSizes, &entry) } catch { break }
            guard entry.type == V4L2_FRMSIZE_TYPE_DISCRETE.rawValue else {
                return stepwise(entry.stepwise, pixelFormat)
            }
            let size = PictureSize(width: Int(entry.discrete.width), height: Int(entry.discrete.height))
            if !discrete.contains(where: { $0.size == size }) {
                discrete.append(FrameSize(size: size, rates: rates(pixelFormat, size)))
            }
        }
        return discrete.isEmpty ? .unknown : .discrete(discrete)
    }

    private func stepwise(_ range: v4l2_frmsize_stepwise, _ pixelFormat: UInt32) -> FrameSizes {
        let largest = PictureSize(width: Int(range.max_width), height: Int(range.max_height))
        return .stepwise(
            smallest: PictureSize(width: Int(range.min_width), height: Int(range.min_height)),
            largest: largest,
            step: PictureSize(width: Int(range.step_width), height: Int(range.step_height)),
            rates: rates(pixelFormat, largest))
    }

    private func rates(_ pixelFormat: UInt32, _ size: PictureSize) -> FrameRates {
        var discrete: [FrameRate] = []
        for index in 0..<maximumListLength {
            var entry = v4l2_frmivalenum()
            entry.index = index
            entry.pixel_format = pixelFormat
            entry.width = UInt32(clamping: size.width)
            entry.height = UInt32(clamping: size.height)
            do throws(SystemError) { try perform(.enumerateIntervals, &entry) } catch { break }
            guard entry.type == V4L2_FRMIVAL_TYPE_DISCRETE.rawValue else {
                return range(entry.stepwise)
            }
            if let rate = FrameRate(interval: entry.discrete), !discrete.contains(rate) { discrete.append(rate) }
        }
        return discrete.isEmpty ? .unknown : .discrete(discrete.sorted(by: >))
    }

    private func range(_ interval: v4l2_frmival_stepwise) -> FrameRates {
        guard let fastest = FrameRate(interval: interval.min), let slowest = FrameRate(interval: interval.max),
            slowest <= fastest
        else { return .unknown }
        return .range(slowest...fastest)
    }
}

extension FrameRate {
    /// Creates the rate at which frames are `interval` seconds apart; returns nil if the interval is invalid.
    init?(interval: v4l2_fract) {
        self.init(frames: interval.denominator, seconds: interval.numerator)
    }

    var interval: v4l2_fract { v4l2_fract(numerator: seconds, denominator: frames) }
}
