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
        throw CameraError(.invalidControl, "\(path) has no control '\(name)': it has \(names.isEmpty ? "none" : names)")
    }

    /// Sets a control; the driver may make another value of it.
    ///
    /// Throws `invalidControl` with a sentence that says why not, `lost` when the camera is gone.
    public func set(_ control: Control, to value: Int64) throws(CameraError) {
        guard !control.isReadOnly else {
            throw CameraError(.invalidControl, "the control '\(control.name)' can be read only: leave it out")
        }
        do throws(SystemError) {
            try node.set(control, to: value)
        } catch {
            if error.errno == .operationNotSupportedByDevice { throw CameraError(path, error) }
            let hint = control.isInactive ? "; it is inactive: switch off the automatic that rules it first" : ""
            throw CameraError(
                .invalidControl, "\(path) refuses \(value) for the control '\(control.name)': \(error.errno)\(hint)")
        }
    }

    /// A setting that could not be made.
    public struct Refusal: Sendable {
        /// A sentence that says why not.
        public let message: String
        /// Whether nothing is wrong with it, but for another control, such as an automatic, that rules it now.
        public let isRuled: Bool
    }

    /// Makes all `settings` that do not hold already; returns those that cannot be made.
    ///
    /// What is refused is tried once more after the others: an automatic that ruled it may be off by then. A button is
    /// pressed only where `pressesButtons`.
    public func apply(_ settings: [(name: String, value: String)], pressesButtons: Bool) -> [Refusal] {
        func refusal(_ setting: (name: String, value: String), _ controls: [Control]) -> Refusal? {
            var isRuled = false
            do throws(CameraError) {
                let control = try control(setting.name, among: controls)
                let value = try control.value(of: setting.value)
                isRuled = control.isInactive
                if control.kind == .button ? pressesButtons : control.value != value { try set(control, to: value) }
            } catch {
                return Refusal(message: error.description, isRuled: isRuled)
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
