import Linux
public import SystemPackage

/// Reads the files of a configuration folder.
///
/// No other part of this module reads files.
public enum ConfigurationFolder {
    /// Returns oriel.conf, followed by the files in cameras.d/ whose names end in `.conf`, sorted by name.
    public static func files(in folder: FilePath) -> [ConfigurationFile] {
        let additions = folder.appending("cameras.d")
        let names = Folder.names(in: additions).filter { $0.hasSuffix(".conf") && !$0.hasPrefix(".") }.sorted()
        return [folder.appending("oriel.conf")].map(file) + names.map { file(additions.appending($0)) }
    }

    private static func file(_ path: FilePath) -> ConfigurationFile {
        do throws(SystemError) {
            let limit = ConfigurationFile.maximumByteCount
            return ConfigurationFile(path.string, .bytes(try File.contents(of: path, maximumByteCount: limit)))
        } catch {
            return ConfigurationFile(
                path.string, error.errno == .fileTooLarge ? .tooLarge : .unreadable("\(error.errno)"))
        }
    }
}
