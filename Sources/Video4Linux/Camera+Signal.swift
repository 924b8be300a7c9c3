import CVideo4Linux
import Linux

extension Camera {
    /// Whether a signal comes in where the camera is one that takes a signal (HDMI, composite).
    ///
    /// True where the driver knows of no lack: no power, no signal, no synchronisation (`V4L2_IN_ST_…` of
    /// linux/videodev2.h). USB cameras always have one.
    public var hasSignal: Bool {
        var index: CInt = 0
        var input = v4l2_input()
        do throws(SystemError) {
            try access.node.perform(.getInput, &index)
            input.index = UInt32(clamping: index)
            try access.node.perform(.enumerateInputs, &input)
        } catch {
            return true
        }
        let lacks = V4L2_IN_ST_NO_POWER | V4L2_IN_ST_NO_SIGNAL | V4L2_IN_ST_NO_H_LOCK | V4L2_IN_ST_NO_SYNC
        return input.status & UInt32(lacks) == 0
    }
}
