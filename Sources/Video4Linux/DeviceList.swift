public import JSON

/// The output of `capture-daemon devices`, which lists the cameras with their formats and controls.
public enum DeviceList {
    /// Returns the list as text for people to read.
    ///
    /// The text contains the command-line options that select each camera, format and control value.
    public static func text(_ devices: [Device]) -> String {
        if devices.isEmpty { return "no camera was found: plug one in, or use --device pattern\n" }
        return devices.map(text).joined(separator: "\n")
    }

    private static func text(_ device: Device) -> String {
        var lines = ["\(device.name)"]
        lines.append("  --device \(device.path)" + (device.stablePath.map { "    or --device \($0)" } ?? ""))
        if let problem = device.problem { return (lines + ["  \(problem)", ""]).joined(separator: "\n") }
        lines.append("  driver \(device.driver), bus \(device.bus)")
        for format in device.formats {
            let usable = format.pixelFormat.isUsable ? "" : " (not usable)"
            lines.append("  --format \(format.pixelFormat.name)    \(format.text)\(usable)")
            lines += sizes(format.sizes).map { "    " + $0 }
        }
        lines += device.controls.map { "  " + text($0) }
        return (lines + [""]).joined(separator: "\n")
    }

    private static func sizes(_ sizes: FrameSizes) -> [String] {
        switch sizes {
        case .unknown: ["the driver does not list sizes"]
        case .stepwise(let smallest, let largest, let step, let rates):
            ["--size \(smallest) to \(largest) in steps of \(step)" + text(rates)]
        case .discrete(let sizes): sizes.map { "--size \($0.size)" + text($0.rates) }
        }
    }

    private static func text(_ rates: FrameRates) -> String {
        switch rates {
        case .unknown: ""
        case .range(let range): "    --fps \(range.lowerBound) to \(range.upperBound)"
        case .discrete(let rates): "    --fps \(rates.map(\.description).joined(separator: ", "))"
        }
    }

    private static func text(_ control: Control) -> String {
        var line = "--control \(control.name)=\(control.value.map(String.init) ?? "…")"
        switch control.kind {
        case .menu, .integerMenu:
            line += "    " + control.choices.map { "\($0.value) (\($0.text))" }.joined(separator: ", ")
        case .boolean: line += "    0 or 1"
        case .button: line += "    a button"
        case .other: line += "    text"
        case .integer, .integer64, .bitmask: line += "    \(control.minimum) to \(control.maximum)"
        }
        if control.kind != .button && control.kind != .other { line += ", default \(control.standard)" }
        if control.isReadOnly { line += ", read-only" }
        if control.isInactive { line += ", inactive" }
        return line
    }

    /// Returns the list in JSON for programs: an array on a single line, with one object per camera.
    public static func json(_ devices: [Device]) -> String {
        JSON.array(devices.map(json)).text + "\n"
    }

    private static func json(_ device: Device) -> JSON {
        .object([
            ("path", .text("\(device.path)")), ("stable_path", .optional(device.stablePath.map { "\($0)" })),
            ("name", .text(device.name)), ("driver", .text(device.driver)), ("bus", .text(device.bus)),
            ("product", .optional(device.identity.product)), ("serial", .optional(device.identity.serial)),
            ("port", .optional(device.identity.port)), ("usable", .bool(device.isUsable)),
            ("problem", .optional(device.problem?.description)),
            ("formats", .array(device.formats.map(json))), ("controls", .array(device.controls.map(json))),
        ])
    }

    /// Returns the JSON object of a format.
    public static func json(_ format: Format) -> JSON {
        .object([
            ("format", .text(format.pixelFormat.name)), ("fourcc", .text(format.pixelFormat.characters)),
            ("description", .text(format.text)), ("usable", .bool(format.pixelFormat.isUsable)),
            ("sizes", json(format.sizes)),
        ])
    }

    private static func json(_ sizes: FrameSizes) -> JSON {
        switch sizes {
        case .unknown: .array([])
        case .stepwise(let smallest, let largest, let step, let rates):
            .array([
                .object([
                    ("smallest", .text("\(smallest)")), ("largest", .text("\(largest)")),
                    ("step", .text("\(step)")), ("fps", json(rates)),
                ])
            ])
        case .discrete(let sizes):
            .array(sizes.map { .object([("size", .text("\($0.size)")), ("fps", json($0.rates))]) })
        }
    }

    private static func json(_ rates: FrameRates) -> JSON {
        switch rates {
        case .unknown: .array([])
        case .range(let range):
            .object([("slowest", .literal("\(range.lowerBound)")), ("fastest", .literal("\(range.upperBound)"))])
        case .discrete(let rates): .array(rates.map { .literal("\($0)") })
        }
    }

    /// Returns the JSON object of a control.
    public static func json(_ control: Control) -> JSON {
        .object([
            ("name", .text(control.name)), ("description", .text(control.text)),
            ("type", .text("\(control.kind)")),
            ("minimum", .literal("\(control.minimum)")), ("maximum", .literal("\(control.maximum)")),
            ("step", .literal("\(control.step)")), ("default", .literal("\(control.standard)")),
            ("value", control.value.map { .literal("\($0)") } ?? .null),
            ("choices", .object(control.choices.map { ("\($0.value)", .text($0.text)) })),
            ("read_only", .bool(control.isReadOnly)), ("inactive", .bool(control.isInactive)),
        ])
    }
}
