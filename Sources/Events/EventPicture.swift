public import SystemPackage

/// The files with the best pictures of objects, in the folder of the event journal.
public enum EventPicture {
    /// Returns the path of the picture of the object with the given ID.
    public static func path(of id: String, in folder: FilePath) -> FilePath { folder.appending("\(id).jpg") }

    /// Returns the ID of the object whose picture has the given file name; nil if the file is not such a picture.
    public static func id(ofFile name: String) -> String? {
        guard name.hasSuffix(".jpg") else { return nil }
        let id = String(name.dropLast(4))
        return isValid(id) ? id : nil
    }

    /// Returns whether a text has the form of an ID (``EventIDs``), such as `1795816090.551-k3x9a2`.
    public static func isValid(_ id: String) -> Bool {
        let parts = id.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...16).contains(parts[1].utf8.count) else { return false }
        let isName = parts[1].utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) }
        return isName && milliseconds(ofID: id) != nil
    }

    /// Returns when the event with the given ID began, in milliseconds since 1970; nil if the ID is malformed.
    public static func milliseconds(ofID id: String) -> Int64? {
        let time = id.prefix { $0 != "-" }.split(separator: ".", omittingEmptySubsequences: false)
        guard time.count == 2, (1...12).contains(time[0].utf8.count), time[1].utf8.count == 3,
            time.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let seconds = Int64(time[0]), let milliseconds = Int64(time[1])
        else { return nil }
        return seconds * 1000 + milliseconds
    }
}
