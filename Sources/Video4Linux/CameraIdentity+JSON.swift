public import JSON

/// The form in which a camera is saved in a file.
extension CameraIdentity {
    public var json: JSON {
        .object([
            ("name", .text(name)), ("product", .optional(product)), ("serial", .optional(serial)),
            ("port", .optional(port)), ("interface", .optional(interface)), ("index", .count(index)),
            ("bus", .text(bus)),
        ])
    }

    /// Returns nil if `json` does not have the form of ``json``.
    public init?(_ json: JSON) {
        guard let name = json["name"]?.string, let bus = json["bus"]?.string,
            let index = json["index"]?.integer.flatMap({ Int(exactly: $0) })
        else { return nil }
        self.init(
            product: json["product"]?.string, serial: json["serial"]?.string, port: json["port"]?.string,
            interface: json["interface"]?.string, index: index, bus: bus, name: name)
    }

    /// How likely `other` is this camera: 0 is not at all, higher is more likely.
    ///
    /// If only the name and the driver's bus position are known, these must be equal.
    public func likelihood(of other: CameraIdentity) -> Int { self == other ? 4 : likeness(to: other) }
}
