public import JSON

extension CameraIdentity {
    /// The identity as it is saved in a file.
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

    /// Returns how likely it is that `other` is this camera, as a number from 0 to 4.
    ///
    /// 0 means that `other` is a different camera, and 4 means that all properties are equal. If only the name and the
    /// driver's bus position are known, the result is either 0 or 4.
    public func likelihood(of other: CameraIdentity) -> Int { self == other ? 4 : likeness(to: other) }
}
