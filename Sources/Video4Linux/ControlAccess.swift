import CVideo4Linux
import Linux
import Synchronization
public import SystemPackage

/// A camera's controls and formats, for any thread, while another one captures from the camera.
///
/// The kernel lets several threads ask one descriptor. The node stays open for as long as this is held.
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

    /// The node, as it was given.
    public var path: FilePath { node.path }

    /// Whether the camera still answers.
    public var isThere: Bool { node.capability() != nil }

    /// The formats it offers, in the driver's order; the driver is asked once, since it may take it thousands of calls.
    public func formats() -> [Format] {
        foundFormats.withLock { found in
            if let found { return found }
            let formats = node.formats(type)
            found = formats
            return formats
        }
    }

    /// The controls it has, without those that are disabled or mere headings.
    public func controls() -> [Control] { node.controls() }

    /// The control that `name` means, in any spelling that ``Control/normalised(_:)`` makes the same.
    ///
    /// Throws `invalidControl` where there is none.
    func control(_ name: String, among controls: [Control]) throws(CameraError) -> Control {
        let wanted = Control.normalised(name)
        if let control = controls.first(where: { $0.name == wanted }) { return control }
        let names = controls.map(\.name).joined(separator: ", ")
        throw CameraError(.invalidControl, "\(path) has no control \(name): it has \(names.isEmpty ? "none" : names)")
    }

    /// Sets a control; the driver may make another value of it.
    ///
    /// Throws `invalidControl` with a sentence that says why not, `lost` when the camera is gone.
    public func set(_ control: Control, to value: Int64) throws(CameraError) {
        guard !control.isReadOnly else {
            throw CameraError(.invalidControl, "control \(control.name) of \(path) is read-only: leave it out")
        }
        do throws(SystemError) {
            try node.set(control, to: value)
        } catch {
            if error.errno == .operationNotSupportedByDevice { throw CameraError(path, error) }
            let hint = control.isInactive ? "; it is inactive: switch off the automatic that rules it first" : ""
            throw CameraError(.invalidControl, "\(path) refuses \(control.name)=\(value): \(error.errno)\(hint)")
        }
    }

    /// Makes all `settings` that do not hold already; returns a sentence for each that cannot be made.
    ///
    /// What is refused is tried once more after the others: an automatic that ruled it may be off by then. A button is
    /// pressed only where `pressesButtons`.
    public func apply(_ settings: [(name: String, value: String)], pressesButtons: Bool) -> [String] {
        guard !settings.isEmpty else { return [] }
        let controls = controls()
        func apply(_ setting: (name: String, value: String)) throws(CameraError) {
            let control = try control(setting.name, among: controls)
            let value = try control.value(of: setting.value)
            if control.kind == .button ? pressesButtons : control.value != value { try set(control, to: value) }
        }
        let refused = settings.filter { setting in
            do throws(CameraError) { try apply(setting) } catch { return true }
            return false
        }
        return refused.compactMap { setting in
            do throws(CameraError) { try apply(setting) } catch { return error.description }
            return nil
        }
    }
}
