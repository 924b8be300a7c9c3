public import Names

/// The error for an invalid option value; its description says which values are valid.
public struct InvalidValue: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// Parses option values; all functions throw ``InvalidValue``.
public enum OptionValue {
    public static func cameraName(_ text: String) throws -> CameraName {
        guard let name = CameraName(text) else { throw InvalidValue(CameraName.rule) }
        return name
    }

    public static func prefix(_ text: String) throws -> SystemPrefix {
        guard let prefix = SystemPrefix(text) else { throw InvalidValue(SystemPrefix.rule) }
        return prefix
    }

    public static func whole(_ text: String, in range: ClosedRange<Int>) throws -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw InvalidValue("give a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    public static func number(_ text: String, in range: ClosedRange<Double>, unit: String = "a number") throws -> Double
    {
        guard let number = Double(text), range.contains(number) else {
            throw InvalidValue("give \(unit) from \(plain(range.lowerBound)) to \(plain(range.upperBound))")
        }
        return number
    }

    public static func word<Word: RawRepresentable<String> & CaseIterable>(_ text: String) throws -> Word {
        guard let word = Word(rawValue: text) else {
            throw InvalidValue("give one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return word
    }

    private static func plain(_ value: Double) -> String {
        value == value.rounded() ? "\(Int(value))" : "\(value)"
    }
}
