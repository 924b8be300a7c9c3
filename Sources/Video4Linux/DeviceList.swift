/// What `capture-daemon devices` prints: cameras with what they offer, in words that the options take.
public enum DeviceList {
    /// For people: one camera after the other, with the command that would use it.
    public static func text(_ devices: [Device]) -> String {
        if devices.isEmpty { return "no camera is there: plug one in, or use --device pattern\n" }
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
        case .unknown: ["sizes are not told by the driver"]
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

    /// For programs: an array with one object per camera, in one line.
    public static func json(_ devices: [Device]) -> String {
        JSON.array(devices.map(json)).text + "\n"
    }

    private static func json(_ device: Device) -> JSON {
        .object([
            ("path", .string("\(device.path)")), ("stable_path", .init(device.stablePath.map { "\($0)" })),
            ("name", .string(device.name)), ("driver", .string(device.driver)), ("bus", .string(device.bus)),
            ("product", .init(device.identity.product)), ("serial", .init(device.identity.serial)),
            ("port", .init(device.identity.port)), ("usable", .boolean(device.isUsable)),
            ("problem", .init(device.problem?.description)),
            ("formats", .array(device.formats.map(json))), ("controls", .array(device.controls.map(json))),
        ])
    }

    private static func json(_ format: Format) -> JSON {
        .object([
            ("format", .string(format.pixelFormat.name)), ("fourcc", .string(format.pixelFormat.characters)),
            ("description", .string(format.text)), ("usable", .boolean(format.pixelFormat.isUsable)),
            ("sizes", json(format.sizes)),
        ])
    }

    private static func json(_ sizes: FrameSizes) -> JSON {
        switch sizes {
        case .unknown: .array([])
        case .stepwise(let smallest, let largest, let step, let rates):
            .array([
                .object([
                    ("smallest", .string("\(smallest)")), ("largest", .string("\(largest)")),
                    ("step", .string("\(step)")), ("fps", json(rates)),
                ])
            ])
        case .discrete(let sizes):
            .array(sizes.map { .object([("size", .string("\($0.size)")), ("fps", json($0.rates))]) })
        }
    }

    private static func json(_ rates: FrameRates) -> JSON {
        switch rates {
        case .unknown: .array([])
        case .range(let range):
            .object([("slowest", .number("\(range.lowerBound)")), ("fastest", .number("\(range.upperBound)"))])
        case .discrete(let rates): .array(rates.map { .number("\($0)") })
        }
    }

    private static func json(_ control: Control) -> JSON {
        .object([
            ("name", .string(control.name)), ("description", .string(control.text)),
            ("type", .string("\(control.kind)")),
            ("minimum", .number("\(control.minimum)")), ("maximum", .number("\(control.maximum)")),
            ("step", .number("\(control.step)")), ("default", .number("\(control.standard)")),
            ("value", control.value.map { .number("\($0)") } ?? .null),
            ("choices", .object(control.choices.map { ("\($0.value)", .string($0.text)) })),
            ("read_only", .boolean(control.isReadOnly)), ("inactive", .boolean(control.isInactive)),
        ])
    }
}
