import JSON
import Video4Linux

/// A valid request to set one control.
struct ControlChange {
    let control: Control
    /// The requested value; null requests the default.
    let asked: JSON
    /// The value to pass to the driver.
    let target: Int64

    var isReset: Bool { asked.isNull }

    /// Parses the members of a request, which are names of controls with their new values.
    ///
    /// A value of null resets a control to its default. The name `*` with null resets all controls that the request
    /// does not name. `base` contains the settings of the command line. If it sets a control, that value is used as the
    /// control's default. Throws if any part of the request is invalid; in that case the caller must not set any
    /// control.
    static func changes(
        _ members: [(String, JSON)], _ controls: [Control], _ base: [ControlSetting]
    ) throws(ControlRefusal) -> [ControlChange] {
        var changes: [ControlChange] = []
        var seen: Set<String> = []
        for (name, asked) in members {
            guard seen.insert(name).inserted else {
                throw .bad("The request names the control '\(name)' twice: name it once.")
            }
            if name == "*" { continue }
            guard let control = controls.first(where: { $0.name == name }) else {
                let names = controls.map(\.name).joined(separator: ", ")
                let remedy = names.isEmpty ? "this camera has no controls" : "choose one of \(names)"
                throw .bad("There is no control '\(name)': \(remedy).")
            }
            guard !control.isReadOnly else {
                throw ControlRefusal(
                    status: 409, error: "read_only", message: "The control '\(name)' is read-only: leave it out.")
            }
            do throws(CameraError) {
                let target = asked.isNull ? standard(of: control, base) : try control.value(of: asked)
                if asked.isNull && !control.isSetting {
                    throw CameraError(.invalidControl, "the control '\(name)' has no default: leave it out")
                }
                changes.append(ControlChange(control: control, asked: asked, target: target))
            } catch {
                throw .bad(error.sentence)
            }
        }
        guard let all = members.first(where: { $0.0 == "*" })?.1 else { return changes }
        guard all.isNull else { throw .bad("'*' accepts only null, which resets all controls to their defaults.") }
        let rest = controls.filter { $0.isSetting && !seen.contains($0.name) }
        // While an automatic control is on, the values that it overrides cannot be set. Therefore reset values first,
        // and then the switches, which may turn an automatic control on.
        let ordered = rest.filter { !$0.isSwitch } + rest.filter(\.isSwitch)
        return ordered.map { ControlChange(control: $0, asked: .null, target: standard(of: $0, base)) } + changes
    }

    private static func standard(of control: Control, _ base: [ControlSetting]) -> Int64 {
        guard let setting = base.last(where: { Control.normalised($0.name) == control.name }) else {
            return control.standard
        }
        return (try? control.value(of: setting.value)) ?? control.standard
    }

    /// The remark on a control that could not be set because it is inactive.
    static let isOverridden =
        "The control is inactive and was not set: first switch off the automatic control that overrides it."

    /// Returns a remark if `value`, the control's current value, differs from the requested value, and nil if not.
    func remark(on value: Int64?) -> String? {
        guard let value, control.kind != .button else { return nil }
        if value != target { return "The camera set \(value) instead of \(target)." }
        if let number = asked.wholeNumber, number != target, control.kind != .boolean {
            return """
                \(asked.text) is outside the range from \(control.minimum) to \(control.maximum), so \(target) was set.
                """
        }
        return nil
    }
}

extension Control {
    /// Whether the control may override others, as automatic exposure overrides a manual exposure time.
    fileprivate var isSwitch: Bool {
        switch kind {
        case .boolean, .menu, .integerMenu: true
        default: false
        }
    }
}
