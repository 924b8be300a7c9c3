import CVideo4Linux
import Linux

extension Camera {
    /// Whether the camera's input has a signal, which matters for inputs such as HDMI or composite video.
    ///
    /// This is false only if the driver reports that there is no power, no signal or no synchronization (`V4L2_IN_ST_…`
    /// of linux/videodev2.h). USB cameras always have a signal.
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
        let problems = V4L2_IN_ST_NO_POWER | V4L2_IN_ST_NO_SIGNAL | V4L2_IN_ST_NO_H_LOCK | V4L2_IN_ST_NO_SYNC
        return input.status & UInt32(problems) == 0
    }
}
