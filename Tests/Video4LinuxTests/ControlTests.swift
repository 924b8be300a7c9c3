import JSON
import Testing

@testable import Video4Linux

@Suite("Control")
struct ControlTests {
    @Test(
        "names of controls are normalised as v4l2-ctl does",
        arguments: [
            ("Brightness", "brightness"), ("White Balance, Automatic", "white_balance_automatic"),
            ("Exposure Time, Absolute", "exposure_time_absolute"), ("Focus (absolute)", "focus_absolute"),
            ("LED1 Mode", "led1_mode"), ("Y'CbCr Encoding", "y_cbcr_encoding"), ("", ""), ("--", ""),
        ])
    func names(text: String, name: String) {
        #expect(Control.normalised(text) == name)
    }

    private func control(_ kind: Control.Kind, _ range: ClosedRange<Int64> = 0...255) -> Control {
        Control(
            identifier: 1, name: "thing", text: "Thing", kind: kind, minimum: range.lowerBound,
            maximum: range.upperBound, step: 1, standard: 0, value: 0,
            choices: kind == .menu ? [.init(value: 1, text: "Manual Mode"), .init(value: 3, text: "50 Hz")] : [],
            isReadOnly: false, isInactive: false)
    }

    @Test("whole numbers within the range are accepted, and other values are refused with the range")
    func integers() throws {
        #expect(try control(.integer).value(of: "200") == 200)
        #expect(try control(.integer, -128...127).value(of: "-5") == -5)
        #expect(try control(.integer).value(of: "0x10") == 16)
        for text in ["256", "-1", "x", "", "1.5"] {
            let error = #expect(throws: CameraError.self) { try control(.integer).value(of: text) }
            #expect(error?.reason == .invalidControl)
            #expect(error?.description == "the control 'thing' accepts a whole number from 0 to 255, not '\(text)'")
        }
    }

    @Test("a boolean control accepts the usual words")
    func booleans() throws {
        for text in ["1", "true", "On", "yes"] { #expect(try control(.boolean).value(of: text) == 1) }
        for text in ["0", "false", "OFF", "no"] { #expect(try control(.boolean).value(of: text) == 0) }
        #expect(throws: CameraError.self) { try control(.boolean).value(of: "2") }
    }

    @Test("a whole number in JSON may have any notation, and is clamped to the range even if it exceeds 64 bits")
    func documents() throws {
        func value(_ text: String, _ control: Control) throws -> Int64 {
            try control.value(of: try #require(JSON(Array(text.utf8))))
        }
        for (text, number) in [
            ("1e2", 100), ("100.0", 100), ("1.5e1", 15), ("-0.0", 0), ("9223372036854775808", 255), ("1e300", 255),
            ("-1e300", 0), ("-9223372036854775809", 0), ("9223372036854775807", 255),
        ] as [(String, Int64)] {
            #expect(try value(text, control(.integer)) == number, "\(text)")
        }
        #expect(try value("1e300", control(.integer64, .min ... .max)) == .max)
        #expect(try value("-1e300", control(.integer64, .min ... .max)) == .min)
        #expect(try value("1.0", control(.boolean)) == 1)
        #expect(try value("3e0", control(.menu)) == 3)
        #expect(try value("1e300", control(.bitmask, 0...0xf0)) == 0xf0)
        for text in ["1.5", "1e-2", "\"1e2\"", "true"] {
            let error = #expect(throws: CameraError.self) { try value(text, control(.integer)) }
            let shown = text == "1e-2" ? "0.01" : text
            #expect(error?.description == "the control 'thing' accepts a whole number from 0 to 255, not \(shown)")
        }
        #expect(throws: CameraError.self) { try value("1e300", control(.boolean)) }
        #expect(throws: CameraError.self) { try value("1e300", control(.menu)) }
        #expect(throws: CameraError.self) { try value("-1e300", control(.bitmask, 0...0xf0)) }
    }

    @Test("a menu control accepts the number or the text of a choice")
    func menus() throws {
        #expect(try control(.menu).value(of: "3") == 3)
        #expect(try control(.menu).value(of: "manual_mode") == 1)
        #expect(try control(.menu).value(of: "50 hz") == 3)
        let error = #expect(throws: CameraError.self) { try control(.menu).value(of: "2") }
        #expect(error?.description == "the control 'thing' has no choice '2': choose one of 1 (Manual Mode), 3 (50 Hz)")
    }

    @Test("a bit mask accepts only its own bits, a button needs no value, and other kinds of controls cannot be set")
    func others() throws {
        #expect(try control(.bitmask, 0...0xf0).value(of: "0x30") == 0x30)
        #expect(throws: CameraError.self) { try control(.bitmask, 0...0xf0).value(of: "1") }
        #expect(try control(.button).value(of: "") == 1)
        #expect(throws: CameraError.self) { try control(.other).value(of: "1") }
    }
}
