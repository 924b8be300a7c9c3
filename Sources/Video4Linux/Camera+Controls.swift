import CVideo4Linux
import Linux
import SystemPackage

extension Camera {
    /// Returns the camera's controls, except disabled controls and headings.
    public func controls() -> [Control] { access.controls() }

    /// Parses `text` and sets the control `name` to this value, such as `brightness` to `128`.
    ///
    /// Controls can be set even while the camera streams. If the control does not exist or the value is invalid, throws
    /// `invalidControl` with a sentence that says what is valid.
    public func setControl(_ name: String, to text: String) throws(CameraError) {
        let controls = controls()
        let control = try access.control(name, among: controls)
        try access.set(control, to: try control.value(of: text))
    }

    /// Returns the current value of the control `name`, or nil if there is no such control or it has no value.
    public func value(ofControl name: String) -> Int64? {
        let wanted = Control.normalised(name)
        return controls().first { $0.name == wanted }?.value
    }
}

extension Node {
    func controls() -> [Control] {
        var controls: [Control] = []
        var identifier: UInt32 = 0
        while controls.count < 256 {
            var query = v4l2_query_ext_ctrl()
            query.id = identifier | UInt32(V4L2_CTRL_FLAG_NEXT_CTRL)
            do throws(SystemError) { try perform(.queryControl, &query) } catch { break }
            // A faulty driver might report the same controls again and again.
            guard query.id > identifier else { break }
            identifier = query.id
            let isHeading = query.type == V4L2_CTRL_TYPE_CTRL_CLASS.rawValue
            if isHeading || query.flags & UInt32(V4L2_CTRL_FLAG_DISABLED) != 0 { continue }
            controls.append(control(query))
        }
        return controls
    }

    private func control(_ query: v4l2_query_ext_ctrl) -> Control {
        let kind = Control.Kind(query.type)
        let isReadable = query.flags & UInt32(V4L2_CTRL_FLAG_WRITE_ONLY) == 0 && kind != .button && kind != .other
        let text = Video4Linux.text(query.name)
        return Control(
            identifier: query.id, name: Control.normalised(text), text: text, kind: kind, minimum: query.minimum,
            maximum: query.maximum, step: Int64(clamping: query.step), standard: query.default_value,
            value: isReadable ? value(query.id, kind) : nil,
            choices: kind == .menu || kind == .integerMenu ? choices(query, kind) : [],
            isReadOnly: query.flags & UInt32(V4L2_CTRL_FLAG_READ_ONLY) != 0,
            isInactive: query.flags & UInt32(V4L2_CTRL_FLAG_INACTIVE) != 0)
    }

    /// Returns the choices of a menu.
    ///
    /// The numbers of a menu may have gaps. A number that the driver does not support is left out.
    private func choices(_ query: v4l2_query_ext_ctrl, _ kind: Control.Kind) -> [Control.Choice] {
        guard query.minimum >= 0, query.minimum <= query.maximum, query.maximum < 256 else { return [] }
        return (query.minimum...query.maximum).compactMap { index in
            var item = v4l2_querymenu()
            item.id = query.id
            item.index = UInt32(index)
            do throws(SystemError) { try perform(.queryMenu, &item) } catch { return nil }
            let text = kind == .menu ? Video4Linux.text(item.name) : "\(item.value)"
            return Control.Choice(value: index, text: text)
        }
    }

    private func value(_ identifier: UInt32, _ kind: Control.Kind) -> Int64? {
        var value: Int64 = 0
        let isWide: CInt = kind == .integer64 ? 1 : 0
        guard unsafe v4l2_control_access(descriptor.number, 0, identifier, isWide, &value) == 0 else { return nil }
        // The value of a bit mask is an unsigned number of 32 bits.
        return kind == .bitmask ? value & 0xffff_ffff : value
    }

    func set(_ control: Control, to value: Int64) throws(SystemError) {
        var value = value
        let number = descriptor.number
        try systemCall("VIDIOC_S_EXT_CTRLS", "\(path)") {
            unsafe v4l2_control_access(number, 1, control.identifier, control.kind == .integer64 ? 1 : 0, &value)
        }
    }
}

extension Control.Kind {
    /// Converts a constant `V4L2_CTRL_TYPE_…` of linux/videodev2.h.
    fileprivate init(_ type: UInt32) {
        self =
            switch type {
            case V4L2_CTRL_TYPE_INTEGER.rawValue: .integer
            case V4L2_CTRL_TYPE_BOOLEAN.rawValue: .boolean
            case V4L2_CTRL_TYPE_MENU.rawValue: .menu
            case V4L2_CTRL_TYPE_INTEGER_MENU.rawValue: .integerMenu
            case V4L2_CTRL_TYPE_BUTTON.rawValue: .button
            case V4L2_CTRL_TYPE_BITMASK.rawValue: .bitmask
            case V4L2_CTRL_TYPE_INTEGER64.rawValue: .integer64
            default: .other
            }
    }
}
