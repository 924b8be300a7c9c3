import CVideo4Linux

/// An `ioctl` request with the type of its argument.
struct Request<Argument> {
    /// The request's name in C, for error messages.
    let name: String
    let code: UInt
}

extension Request where Argument == v4l2_capability {
    static var queryCapability: Self { Self(name: "VIDIOC_QUERYCAP", code: v4l2_request_querycap) }
}

extension Request where Argument == v4l2_fmtdesc {
    static var enumerateFormats: Self { Self(name: "VIDIOC_ENUM_FMT", code: v4l2_request_enum_fmt) }
}

extension Request where Argument == v4l2_frmsizeenum {
    static var enumerateSizes: Self { Self(name: "VIDIOC_ENUM_FRAMESIZES", code: v4l2_request_enum_framesizes) }
}

extension Request where Argument == v4l2_frmivalenum {
    static var enumerateIntervals: Self {
        Self(name: "VIDIOC_ENUM_FRAMEINTERVALS", code: v4l2_request_enum_frameintervals)
    }
}

extension Request where Argument == v4l2_format {
    static var getFormat: Self { unsafe Self(name: "VIDIOC_G_FMT", code: v4l2_request_g_fmt) }
    static var setFormat: Self { unsafe Self(name: "VIDIOC_S_FMT", code: v4l2_request_s_fmt) }
}

extension Request where Argument == v4l2_streamparm {
    static var getParameters: Self { Self(name: "VIDIOC_G_PARM", code: v4l2_request_g_parm) }
    static var setParameters: Self { Self(name: "VIDIOC_S_PARM", code: v4l2_request_s_parm) }
}

extension Request where Argument == v4l2_requestbuffers {
    static var requestBuffers: Self { Self(name: "VIDIOC_REQBUFS", code: v4l2_request_reqbufs) }
}

extension Request where Argument == v4l2_buffer {
    static var queryBuffer: Self { unsafe Self(name: "VIDIOC_QUERYBUF", code: v4l2_request_querybuf) }
    static var queueBuffer: Self { unsafe Self(name: "VIDIOC_QBUF", code: v4l2_request_qbuf) }
    static var dequeueBuffer: Self { unsafe Self(name: "VIDIOC_DQBUF", code: v4l2_request_dqbuf) }
}

extension Request where Argument == CInt {
    static var startStreaming: Self { Self(name: "VIDIOC_STREAMON", code: v4l2_request_streamon) }
    static var stopStreaming: Self { Self(name: "VIDIOC_STREAMOFF", code: v4l2_request_streamoff) }
    static var getInput: Self { Self(name: "VIDIOC_G_INPUT", code: v4l2_request_g_input) }
}

extension Request where Argument == v4l2_input {
    static var enumerateInputs: Self { Self(name: "VIDIOC_ENUMINPUT", code: v4l2_request_enuminput) }
}

extension Request where Argument == v4l2_query_ext_ctrl {
    static var queryControl: Self { Self(name: "VIDIOC_QUERY_EXT_CTRL", code: v4l2_request_query_ext_ctrl) }
}

extension Request where Argument == v4l2_querymenu {
    static var queryMenu: Self { Self(name: "VIDIOC_QUERYMENU", code: v4l2_request_querymenu) }
}
