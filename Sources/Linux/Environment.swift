import Glibc

/// The process's environment variables.
public enum Environment {
    /// Returns the value of `name`, or nil if it is not set.
    public static func value(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// All variables with their values.
    public static var all: [String: String] {
        var variables: [String: String] = [:]
        var index = 0
        while let entry = unsafe environ[index] {
            index += 1
            let text = unsafe String(cString: entry)
            guard let separator = text.firstIndex(of: "=") else { continue }
            variables[String(text[..<separator])] = String(text[text.index(after: separator)...])
        }
        return variables
    }
}
