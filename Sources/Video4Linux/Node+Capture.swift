import CVideo4Linux
import Linux

/// The requests that capture pictures from a node.
///
/// The requests have either V4L2's single-planar form, or the multi-planar form with one plane.
struct CaptureCalls {
    let type: UInt32
    let isMultiplanar: Bool

    init(isMultiplanar: Bool) {
        self.isMultiplanar = isMultiplanar
        type =
            isMultiplanar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE.rawValue : V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
    }

    /// Sets the format and size, and returns what the driver has chosen, which may differ.
    func setFormat(
        _ node: borrowing Node, _ pixelFormat: PixelFormat, _ size: PictureSize
    ) throws(SystemError) -> CaptureFormat {
        var format = unsafe v4l2_format()
        unsafe format.type = type
        if isMultiplanar {
            unsafe format.fmt.pix_mp.width = UInt32(clamping: size.width)
            unsafe format.fmt.pix_mp.height = UInt32(clamping: size.height)
            unsafe format.fmt.pix_mp.pixelformat = pixelFormat.code
            unsafe format.fmt.pix_mp.field = V4L2_FIELD_NONE.rawValue
            unsafe format.fmt.pix_mp.num_planes = 1
        } else {
            unsafe format.fmt.pix.width = UInt32(clamping: size.width)
            unsafe format.fmt.pix.height = UInt32(clamping: size.height)
            unsafe format.fmt.pix.pixelformat = pixelFormat.code
            unsafe format.fmt.pix.field = V4L2_FIELD_NONE.rawValue
        }
        unsafe try node.perform(.setFormat, &format)
        return unsafe isMultiplanar ? CaptureFormat(format.fmt.pix_mp) : CaptureFormat(format.fmt.pix)
    }

    /// Requests `rate` unless it is nil, and returns the rate that the driver has set.
    ///
    /// Returns nil if the driver has no setting for the rate.
    func setRate(_ node: borrowing Node, _ rate: FrameRate?) -> FrameRate? {
        var parameters = v4l2_streamparm()
        parameters.type = type
        do throws(SystemError) {
            try node.perform(.getParameters, &parameters)
            if let rate, unsafe parameters.parm.capture.capability & UInt32(V4L2_CAP_TIMEPERFRAME) != 0 {
                unsafe parameters.parm.capture.timeperframe = rate.interval
                try node.perform(.setParameters, &parameters)
            }
        } catch { return nil }
        return unsafe FrameRate(interval: parameters.parm.capture.timeperframe)
    }

    /// Requests `count` buffers, and returns how many the driver provides, which may be more or fewer.
    ///
    /// If `count` is 0, all buffers are freed.
    func requestBuffers(_ node: borrowing Node, count: Int) throws(SystemError) -> Int {
        var request = v4l2_requestbuffers()
        request.count = UInt32(clamping: count)
        request.type = type
        request.memory = V4L2_MEMORY_MMAP.rawValue
        try node.perform(.requestBuffers, &request)
        return Int(request.count)
    }

    func setStreaming(_ node: borrowing Node, _ isOn: Bool) throws(SystemError) {
        var type = CInt(bitPattern: type)
        try node.perform(isOn ? .startStreaming : .stopStreaming, &type)
    }

    /// Performs `request` on the buffer at `index`, and returns the driver's description of the buffer.
    func buffer(
        _ node: borrowing Node, _ request: Request<v4l2_buffer>, index: Int
    ) throws(SystemError) -> BufferState {
        var buffer = unsafe v4l2_buffer()
        unsafe buffer.index = UInt32(index)
        unsafe buffer.type = type
        unsafe buffer.memory = V4L2_MEMORY_MMAP.rawValue
        guard isMultiplanar else {
            unsafe try node.perform(request, &buffer)
            return unsafe BufferState(
                buffer, offset: buffer.m.offset, byteCount: buffer.length, dataOffset: 0, used: buffer.bytesused)
        }
        var plane = v4l2_plane()
        unsafe buffer.length = 1
        try unsafe withUnsafeMutablePointer(to: &plane) { (pointer) throws(SystemError) in
            unsafe buffer.m.planes = pointer
            unsafe try node.perform(request, &buffer)
        }
        // The driver also counts bytes that it puts before the picture, such as a header.
        let used = plane.bytesused - min(plane.bytesused, plane.data_offset)
        return unsafe BufferState(
            buffer, offset: plane.m.mem_offset, byteCount: plane.length, dataOffset: plane.data_offset, used: used)
    }
}

/// The driver's description of a buffer.
struct BufferState {
    let index: Int
    /// The offset for mmap(2).
    let offset: Int
    let byteCount: Int
    /// The offset in the buffer at which the picture begins.
    let dataOffset: Int
    /// The size of the picture in bytes.
    let usedByteCount: Int
    /// Whether the driver has marked the picture as damaged.
    let isFlagged: Bool
    let sequence: UInt32
    /// CLOCK_MONOTONIC in nanoseconds; nil if the driver uses another clock.
    let timestamp: UInt64?

    init(_ buffer: v4l2_buffer, offset: UInt32, byteCount: UInt32, dataOffset: UInt32, used: UInt32) {
        unsafe index = Int(buffer.index)
        self.offset = Int(offset)
        self.byteCount = Int(byteCount)
        self.dataOffset = Int(dataOffset)
        usedByteCount = Int(used)
        unsafe isFlagged = buffer.flags & UInt32(V4L2_BUF_FLAG_ERROR) != 0
        unsafe sequence = buffer.sequence
        let clock = unsafe buffer.flags & UInt32(V4L2_BUF_FLAG_TIMESTAMP_MASK)
        let time = unsafe buffer.timestamp
        let isMonotonic = clock == UInt32(V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC)
        timestamp =
            isMonotonic && (0..<1 << 32).contains(time.tv_sec) && (0..<1_000_000).contains(time.tv_usec)
            ? UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_usec) * 1000 : nil
    }
}

extension CaptureFormat {
    init(_ format: v4l2_pix_format) {
        self.init(
            PixelFormat(code: format.pixelformat), format.width, format.height,
            bytesPerLine: format.bytesperline, imageByteCount: format.sizeimage,
            colorspace: format.colorspace, encoding: format.ycbcr_enc, quantization: format.quantization,
            field: format.field)
    }

    init(_ format: v4l2_pix_format_mplane) {
        let plane = format.plane_fmt.0
        self.init(
            PixelFormat(code: format.pixelformat), format.width, format.height,
            bytesPerLine: plane.bytesperline, imageByteCount: plane.sizeimage,
            colorspace: format.colorspace, encoding: UInt32(format.ycbcr_enc),
            quantization: UInt32(format.quantization), field: format.field, planeCount: Int(format.num_planes))
    }

    private init(
        _ pixelFormat: PixelFormat, _ width: UInt32, _ height: UInt32, bytesPerLine: UInt32, imageByteCount: UInt32,
        colorspace: UInt32, encoding: UInt32, quantization: UInt32, field: UInt32, planeCount: Int = 1
    ) {
        let stride = max(Int(bytesPerLine), pixelFormat.isJPEG ? 0 : pixelFormat.bytesPerLine(width: Int(width)))
        // If a driver sets the quantization or the encoding to its default, V4L2_MAP_QUANTIZATION_DEFAULT and
        // V4L2_MAP_YCBCR_ENC_DEFAULT of linux/videodev2.h say what this means. Greyscale formats are an exception:
        // their default is full range.
        let isFull =
            quantization == V4L2_QUANTIZATION_DEFAULT.rawValue
            ? pixelFormat.isFullRangeByDefault || colorspace == V4L2_COLORSPACE_JPEG.rawValue
            : quantization == V4L2_QUANTIZATION_FULL_RANGE.rawValue
        self.init(
            pixelFormat: pixelFormat, size: PictureSize(width: Int(width), height: Int(height)),
            bytesPerLine: pixelFormat.isJPEG ? 0 : stride, imageByteCount: Int(imageByteCount),
            quantization: isFull ? .full : .limited, encoding: Encoding(encoding, colorspace: colorspace))
        self.planeCount = planeCount
        fields = Fields(field)
    }
}

extension CaptureFormat.Encoding {
    fileprivate init(_ encoding: UInt32, colorspace: UInt32) {
        switch encoding {
        case V4L2_YCBCR_ENC_601.rawValue, V4L2_YCBCR_ENC_XV601.rawValue: self = .bt601
        case V4L2_YCBCR_ENC_709.rawValue, V4L2_YCBCR_ENC_XV709.rawValue: self = .bt709
        case V4L2_YCBCR_ENC_BT2020.rawValue, V4L2_YCBCR_ENC_BT2020_CONST_LUM.rawValue: self = .bt2020
        case V4L2_YCBCR_ENC_DEFAULT.rawValue:
            switch colorspace {
            case V4L2_COLORSPACE_REC709.rawValue, V4L2_COLORSPACE_DCI_P3.rawValue: self = .bt709
            case V4L2_COLORSPACE_BT2020.rawValue: self = .bt2020
            case V4L2_COLORSPACE_SMPTE240M.rawValue: self = .other
            default: self = .bt601
            }
        default: self = .other
        }
    }
}

extension CaptureFormat.Fields {
    fileprivate init(_ field: UInt32) {
        self =
            switch field {
            case V4L2_FIELD_INTERLACED.rawValue, V4L2_FIELD_INTERLACED_TB.rawValue, V4L2_FIELD_INTERLACED_BT.rawValue:
                .interlaced
            case V4L2_FIELD_TOP.rawValue, V4L2_FIELD_BOTTOM.rawValue, V4L2_FIELD_ALTERNATE.rawValue: .single
            case V4L2_FIELD_SEQ_TB.rawValue, V4L2_FIELD_SEQ_BT.rawValue: .sequential
            default: .progressive
            }
    }
}
