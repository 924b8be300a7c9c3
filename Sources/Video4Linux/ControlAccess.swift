import CVideo4Linux
import Linux
import Synchronization
public import SystemPackage

/// A camera's controls and formats, which any thread may use while another thread captures from the camera.
///
/// The kernel allows several threads to make requests on the same descriptor. The node stays open while this object
/// exists.
public final class ControlAccess: Sendable {
    let node: Node
    private let type: UInt32
    private let foundFormats = Mutex<[Format]?>(nil)
    public let name: String
    public let driver: String
    public let identity: CameraIdentity

    init(_ node: consuming Node, _ type: UInt32, name: String, driver: String, identity: CameraIdentity) {
        self.node = node
        self.type = type
        self.name = name
        self.driver = driver
        self.identity = identity
    }

    /// The path with which the node was opened.
    public var path: FilePath { node.path }

    /// Whether the camera still responds.
    public var isPresent: Bool { node.capability() != nil }

    /// Returns the formats that the camera offers, in the driver's order.
    ///
    /// The formats are queried only once, because querying them may take thousands of system calls.
    public func formats() -> [Format] {
        foundFormats.withLock { found in
            if let found { return found }
            let formats = node.formats(type)
            found = formats
            return formats
        }
    }

    /// Returns the camera's controls, except disabled controls and headings.
    public func controls() -> [Control] { node.controls() }

    /// Finds the control `name`.
    ///
    /// The name is converted with ``Control/normalised(_:)``, so the driver's own name is valid too.
    ///
    /// Throws `invalidControl` if there is no such control.
    func control(_ name: String, among controls: [Control]) throws(CameraError) -> Control {
        let wanted = Control.normalised(name)
        if let control = controls.first(where: { $0.name == wanted }) { return control }
        let names = controls.map(\.name).joined(separator: ", ")
        let remedy = names.isEmpty ? "this camera has no controls" : "choose one of \(names)"
        throw CameraError(.invalidControl, "\(path) has no control '\(name)': \(remedy)")
    }

    /// Sets a control.
    ///
    /// The driver may adjust the value.
    ///
    /// Throws `invalidControl` with a sentence that says why the control cannot be set, or `lost` if the camera is
    /// gone.
    public func set(_ control: Control, to value: Int64) throws(CameraError) {
        guard !control.isReadOnly else {
            throw CameraError(.invalidControl, "the control '\(control.name)' is read-only: leave it out")
        }
        do throws(SystemError) {
            try node.set(control, to: value)
        } catch {
            if error.errno == .operationNotSupportedByDevice { throw CameraError(path, error) }
            let hint =
                control.isInactive ? "; it is inactive: switch off the automatic control that overrides it first" : ""
            throw CameraError(
                .invalidControl, "\(path) refuses \(value) for the control '\(control.name)': \(error.errno)\(hint)")
        }
    }

    /// A setting that could not be applied.
    public struct Refusal: Sendable {
        /// One sentence that says why the setting could not be applied.
        public let message: String
        /// Whether the reason is only that another control, such as an automatic mode, overrides this one at the
        /// moment.
        public let isOverridden: Bool
    }

    /// Applies all `settings` that differ from the current values, and returns a refusal for each that failed.
    ///
    /// Settings that fail are tried once more after all others, because one of the others may have switched off an
    /// automatic mode that overrode them. Buttons are pressed only if `pressesButtons` is true.
    public func apply(_ settings: [(name: String, value: String)], pressesButtons: Bool) -> [Refusal] {
        func refusal(_ setting: (name: String, value: String), _ controls: [Control]) -> Refusal? {
            var isOverridden = false
            do throws(CameraError) {
                let control = try control(setting.name, among: controls)
                let value = try control.value(of: setting.value)
                isOverridden = control.isInactive
                if control.kind == .button ? pressesButtons : control.value != value { try set(control, to: value) }
            } catch {
                return Refusal(message: error.description, isOverridden: isOverridden)
            }
            return nil
        }
        guard !settings.isEmpty else { return [] }
        let before = controls()
        let refused = settings.filter { refusal($0, before) != nil }
        guard !refused.isEmpty else { return [] }
        let now = controls()
        return refused.compactMap { refusal($0, now) }
    }
}
