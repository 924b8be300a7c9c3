import JSON
import Linux
import Logging
import Names
import SharedFrame
import Video4Linux

/// Handles the requests of the control socket.
///
/// Use it from only one thread. A call may block in the camera's driver.
final class ControlService {
    private let camera: CameraName
    private let panel: ControlPanel
    private let store: ControlStore
    /// The settings from the command line.
    private let base: [ControlSetting]
    private let log: Logger
    /// Whether the log already reports that controls cannot be saved.
    private var hasWarned = false

    init(_ options: CaptureOptions, _ panel: ControlPanel, _ store: ControlStore, _ log: Logger) {
        camera = options.camera
        base = options.controls
        self.panel = panel
        self.store = store
        self.log = log
    }

    /// Handles a request, which is one line of JSON.
    ///
    /// The line is `{"do":"read"}`, or for example `{"do":"set","controls":{"brightness":140,"contrast":null}}`.
    func answer(to line: [UInt8]) -> ControlReply {
        do throws(ControlRefusal) {
            guard let request = JSON(line) else { throw .bad("The request is not valid JSON.") }
            switch request["do"]?.string {
            case "read": return ControlReply(status: 200, body: .object(try reading()))
            case "set":
                guard let changes = request["controls"]?.object else { throw .bad("'controls' must be an object.") }
                return ControlReply(status: 200, body: .object(try set(changes)))
            default: throw .bad("'do' must be read or set.")
            }
        } catch {
            return ControlReply(
                status: error.status,
                body: .object([
                    ("error", .text(error.error)), ("camera", .text(camera.text)), ("message", .text(error.message)),
                ]))
        }
    }

    private func source() throws(ControlRefusal) -> ControlPanel.Source {
        switch panel.state {
        case .closed(let reason): throw .offline(reason)
        case .open(let source):
            if let access = source.access, !access.isPresent {
                throw .offline("\(access.path) is gone or no longer responds: check the camera and its cable")
            }
            return source
        }
    }

    private func reading() throws(ControlRefusal) -> [(String, JSON)] {
        let source = try source()
        return reading(of: source, source.access?.controls() ?? [])
    }

    private func reading(of source: ControlPanel.Source, _ controls: [Control]) -> [(String, JSON)] {
        [("camera", .text(camera.text))] + source.members
            + [("controls", .array(controls.map(DeviceList.json))), ("formats", source.formats)]
    }

    // MARK: Setting

    private func set(_ members: [(String, JSON)]) throws(ControlRefusal) -> [(String, JSON)] {
        let source = try source()
        let before = source.access?.controls() ?? []
        let changes = try ControlChange.changes(members, before, base)
        guard let access = source.access else { return reading(of: source, []) + [("results", .array([]))] }
        let refused = try perform(changes, access)
        let keeping = keep(changes.filter { refused[$0.control.name] == nil || $0.isReset }, access)
        let controls = restore(access, before)
        let results = changes.map { change in
            let name = change.control.name
            let control = controls.first { $0.name == name }
            let value = control?.value
            let isOverridden = refused[name] != nil && control?.isInactive == true
            let remark = isOverridden ? ControlChange.isOverridden : refused[name] ?? change.remark(on: value)
            let message = [remark, change.control.isSetting ? keeping : nil].compactMap(\.self).joined(separator: " ")
            return JSON.object([
                ("name", .text(name)), ("asked", change.asked), ("value", .optional(value) { .integer($0) }),
                ("message", message.isEmpty ? .null : .text(message)),
            ])
        }
        return reading(of: source, controls) + [("results", .array(results))]
    }

    /// Sets all controls; returns, by name, the reason for each control that could not be set.
    ///
    /// A control that cannot be set is tried again after all others, because one of them may have overridden it.
    private func perform(_ changes: [ControlChange], _ access: ControlAccess) throws(ControlRefusal) -> [String: String]
    {
        var refused: [String: String] = [:]
        for isSecondTry in [false, true] {
            for change in changes {
                let name = change.control.name
                if isSecondTry && refused[name] == nil { continue }
                if change.isReset && !isSecondTry && change.control.value == change.target { continue }
                do throws(CameraError) {
                    try access.set(change.control, to: change.target)
                    refused[name] = nil
                } catch {
                    if error.reason == .lost { throw .offline(error.description) }
                    refused[name] = error.sentence
                }
            }
        }
        return refused
    }

    /// Sets the saved values of the controls that were inactive in `before` and are active now; returns all controls.
    ///
    /// Without this, these values would be set only when the camera is next opened.
    private func restore(_ access: ControlAccess, _ before: [Control], depth: Int = 3) -> [Control] {
        let now = access.controls()
        let wereInactive = Set(before.filter(\.isInactive).map(\.name))
        let free = Set(now.filter { !$0.isInactive }.map(\.name)).intersection(wereInactive)
        let settings = store.settings(base, of: access.identity).filter { free.contains(Control.normalised($0.name)) }
        guard depth > 0, !settings.isEmpty else { return now }
        _ = access.apply(settings.map { ($0.name, $0.value) }, pressesButtons: false)
        // The controls that were just set may have made other controls active.
        return restore(access, now, depth: depth - 1)
    }

    /// Saves the changed settings; returns nil, or a sentence for the response if they could not be saved.
    private func keep(_ changes: [ControlChange], _ access: ControlAccess) -> String? {
        var values: [String: Int64] = [:]
        for change in changes where !change.isReset && change.control.isSetting {
            values[change.control.name] = change.target
        }
        let removed = Set(changes.filter(\.isReset).map(\.control.name))
        var sentence: String?
        do throws(ControlStore.Failure) {
            try store.update(access.identity, setting: values, removing: removed)
            hasWarned = false
        } catch {
            sentence = "The change could not be saved, so it will be lost at the next start: \(error)."
            if !hasWarned {
                log.warning("controls cannot be saved, so changes will be lost at the next start: \(error)")
            }
            hasWarned = true
        }
        // If the camera was lost and reopened in the meantime, it was opened without this change. Set the values again.
        if case .open(let source) = panel.state, let current = source.access, current !== access {
            let settings = store.settings(base, of: current.identity)
            _ = current.apply(settings.map { ($0.name, $0.value) }, pressesButtons: false)
        }
        return sentence
    }
}
