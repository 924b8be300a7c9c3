import JSON
import Video4Linux

/// A valid request to set one control.
struct ControlChange {
    let control: Control
    /// The value of the request; null for the default.
    let asked: JSON
    /// The value to ask the driver for.
    let target: Int64

    var isReset: Bool { asked.isNull }

    /// Parses a request: names of controls with values, null for the default, and `*` for all controls.
    ///
    /// The default of a control that `base`, the command line, names is the value there. Throws if any part of the
    /// request is invalid: then nothing must be set.
    static func changes(
        _ members: [(String, JSON)], _ controls: [Control], _ base: [ControlSetting]
    ) throws(ControlRefusal) -> [ControlChange] {
        var changes: [ControlChange] = []
        var seen: Set<String> = []
        for (name, asked) in members {
            guard seen.insert(name).inserted else {
                throw .bad("The control '\(name)' was given twice: give it once.")
            }
            if name == "*" { continue }
            guard let control = controls.first(where: { $0.name == name }) else {
                let names = controls.map(\.name).joined(separator: ", ")
                let remedy = names.isEmpty ? "this camera has no controls" : "choose among \(names)"
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
        guard all.isNull else { throw .bad("'*' takes only null: it resets all controls to their defaults.") }
        let rest = controls.filter { $0.isSetting && !seen.contains($0.name) }
        // A value that an automatic control overrides can be set only while that is off: set values first, then
        // switches.
        let ordered = rest.filter { !$0.isSwitch } + rest.filter(\.isSwitch)
        return ordered.map { ControlChange(control: $0, asked: .null, target: standard(of: $0, base)) } + changes
    }

    private static func standard(of control: Control, _ base: [ControlSetting]) -> Int64 {
        guard let setting = base.last(where: { Control.normalised($0.name) == control.name }) else {
            return control.standard
        }
        return (try? control.value(of: setting.value)) ?? control.standard
    }

    /// The remark on a control that was refused and is inactive now.
    static let isOverridden =
        "It is inactive and was not set: switch off the automatic control that overrides it first."

    /// A remark on the control's current value; nil if it is the requested one.
    func remark(on value: Int64?) -> String? {
        guard let value, control.kind != .button else { return nil }
        if value != target { return "The camera set \(value) instead of \(target)." }
        if let number = asked.wholeNumber, number != target, control.kind != .boolean {
            return "\(asked.text) is outside \(control.minimum) to \(control.maximum): it is \(target) now."
        }
        return nil
    }
}

extension Control {
    /// Whether it may override other controls, as an automatic control does.
    fileprivate var isSwitch: Bool {
        switch kind {
        case .boolean, .menu, .integerMenu: true
        default: false
        }
    }
}
