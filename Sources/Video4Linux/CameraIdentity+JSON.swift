public import JSON

/// How a camera is remembered in a file.
extension CameraIdentity {
    public var json: JSON {
        .object([
            ("name", .text(name)), ("product", .optional(product)), ("serial", .optional(serial)),
            ("port", .optional(port)), ("interface", .optional(interface)), ("index", .count(index)),
            ("bus", .text(bus)),
        ])
    }

    /// Nil when `json` is not what ``json`` writes.
    public init?(_ json: JSON) {
        guard let name = json["name"]?.string, let bus = json["bus"]?.string,
            let index = json["index"]?.integer.flatMap({ Int(exactly: $0) })
        else { return nil }
        self.init(
            product: json["product"]?.string, serial: json["serial"]?.string, port: json["port"]?.string,
            interface: json["interface"]?.string, index: index, bus: bus, name: name)
    }

    /// How surely `other` is this camera: 0 not at all, higher is surer.
    ///
    /// One of which nothing is known but its name and what the driver says of its place is taken by these.
    public func sureness(of other: CameraIdentity) -> Int { self == other ? 4 : likeness(to: other) }
}
