/// The contents of a configuration file, or the reason why it cannot be read.
public struct ConfigurationFile: Equatable, Sendable {
    /// The maximum size of a file in bytes.
    public static let maximumByteCount = 64 << 10

    public enum Content: Equatable, Sendable {
        case bytes([UInt8])
        case tooLarge
        /// The file or folder cannot be read; the text states the cause and the remedy.
        case unreadable(String)
    }

    /// The file's name in messages.
    public let name: String
    public let content: Content

    public init(_ name: String, _ content: Content) {
        self.name = name
        self.content = content
    }
}

/// A section `[KIND NAME]` with its settings.
struct Section {
    /// The first word of the title, such as `camera`.
    let kind: String
    /// The rest of the title; empty if the section has no name.
    let name: String
    let origin: Origin
    var entries: [Entry] = []
    /// Whether the section has a line that could not be read, which may have been any setting.
    var hasBadLine = false

    struct Entry {
        let key: String
        let value: String
        let origin: Origin
    }

    var title: String { name.isEmpty ? "[\(kind)]" : "[\(kind) \(name)]" }
}

/// Splits files into sections.
///
/// The files have the syntax of systemd.syntax(7), but without line continuation and quoting. Lines that begin with `#`
/// or `;` are comments. Spaces around keys and values are removed. A value may be empty.
struct SectionParser {
    private(set) var sections: [Section] = []
    private(set) var mistakes: [Mistake] = []

    mutating func parse(_ file: ConfigurationFile) {
        let content: [UInt8]
        switch file.content {
        case .bytes(let found) where found.count <= ConfigurationFile.maximumByteCount: content = found
        case .bytes, .tooLarge:
            let kibibytes = ConfigurationFile.maximumByteCount >> 10
            add(.file(file.name, line: 0), "the file is larger than \(kibibytes) KiB, which is the maximum")
            return
        case .unreadable(let sentence):
            add(.file(file.name, line: 0), sentence)
            return
        }
        var isInSection = false
        // Some editors write a byte order mark, which has no meaning in UTF-8.
        let bytes = content.starts(with: [0xef, 0xbb, 0xbf]) ? content.dropFirst(3) : content[...]
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let origin = Origin.file(file.name, line: index + 1)
            guard let text = String(validating: line, as: UTF8.self) else {
                add(origin, "the line is not UTF-8 text; save the file as UTF-8")
                noteBadLine(isInSection)
                continue
            }
            guard !text.unicodeScalars.contains("\0") else {
                add(origin, "the line contains a NUL byte; remove it, and save the file as UTF-8")
                noteBadLine(isInSection)
                continue
            }
            let trimmed = text.trimmed
            guard let first = trimmed.first, first != "#", first != ";" else { continue }
            if first == "[" {
                isInSection = true
                begin(trimmed, origin)
            } else if let sign = trimmed.firstIndex(of: "=") {
                let key = trimmed[..<sign].trimmed
                let value = trimmed[trimmed.index(after: sign)...].trimmed
                if key.isEmpty {
                    noteBadLine(isInSection)
                    add(origin, "there is no key before '='; write KEY = VALUE")
                } else if !isInSection {
                    add(origin, "'\(excerpt(key))' is before the first section; put a section such as [web] above it")
                } else {
                    sections[sections.count - 1].entries.append(.init(key: key, value: value, origin: origin))
                }
            } else {
                noteBadLine(isInSection)
                add(origin, "'\(excerpt(trimmed))' is not a setting; write KEY = VALUE, or '#' before a comment")
            }
        }
    }

    private mutating func begin(_ text: String, _ origin: Origin) {
        var words: [Substring] = []
        if text.hasSuffix("]") {
            words = text.dropFirst().dropLast().split(maxSplits: 1) { $0 == " " || $0 == "\t" }
        } else {
            add(origin, "'\(excerpt(text))' does not end with ']'; write [SECTION] or [camera NAME]")
        }
        // After an invalid title, begin a section without a kind. It collects the settings below the title, so that
        // they are not reported as mistakes too.
        sections.append(
            Section(
                kind: words.first.map { String($0) } ?? "", name: words.dropFirst().first?.trimmed ?? "",
                origin: origin))
        if text.hasSuffix("]"), words.isEmpty { add(origin, "the section has no name; write [web] or [camera NAME]") }
    }

    /// Notes that a line of the current section could not be read.
    private mutating func noteBadLine(_ isInSection: Bool) {
        if isInSection { sections[sections.count - 1].hasBadLine = true }
    }

    private mutating func add(_ origin: Origin, _ sentence: String) { mistakes.append(Mistake(origin, sentence)) }
}

extension StringProtocol {
    /// The text without leading and trailing spaces, tabs and line breaks.
    var trimmed: String {
        let scalars = unicodeScalars
        let isBlank: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\n" }
        let rest = scalars.drop(while: isBlank)
        guard let end = rest.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(String.UnicodeScalarView(rest[...end]))
    }
}
