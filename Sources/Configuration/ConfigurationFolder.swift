import Linux
public import SystemPackage

/// Reads the files of a configuration folder.
///
/// No other part of this module reads files.
public enum ConfigurationFolder {
    /// Returns oriel.conf, followed by the files in cameras.d/ whose names end in `.conf`, sorted by name.
    ///
    /// If cameras.d cannot be read, an entry for the folder itself says why. A missing cameras.d is not an error.
    public static func files(in folder: FilePath) -> [ConfigurationFile] {
        [file(folder.appending("oriel.conf"))] + additions(in: folder.appending("cameras.d"))
    }

    private static func additions(in folder: FilePath) -> [ConfigurationFile] {
        let names: [String]
        do throws(SystemError) {
            names = try Folder.list(folder)
        } catch {
            // A link to a folder that does not exist is an error, because someone wants cameras to be there.
            let exists = (try? FileStatus(at: folder, followingLinks: false)) != nil
            if error.errno == .noSuchFileOrDirectory, !exists { return [] }
            let sentence =
                switch error.errno {
                case .notDirectory: "this is not a folder; move its sections into oriel.conf, and remove it"
                case .noSuchFileOrDirectory:
                    "the link leads to a folder that does not exist; create it, or remove the link"
                default: "the folder cannot be read (\(error.errno)); let this user read it, or remove it"
                }
            // If the folder that contains it cannot be entered, the message about oriel.conf says so.
            let isHidden = !exists && error.errno == .permissionDenied
            return isHidden ? [] : [ConfigurationFile(folder.string, .unreadable(sentence))]
        }
        return names.filter { $0.hasSuffix(".conf") && !$0.hasPrefix(".") }.sorted().map {
            file(folder.appending($0))
        }
    }

    private static func file(_ path: FilePath) -> ConfigurationFile {
        do throws(SystemError) {
            let limit = ConfigurationFile.maximumByteCount
            return ConfigurationFile(path.string, .bytes(try File.contents(of: path, maximumByteCount: limit)))
        } catch {
            switch error.errno {
            case .fileTooLarge: return ConfigurationFile(path.string, .tooLarge)
            case .noSuchFileOrDirectory, .notDirectory:
                return ConfigurationFile(path.string, .unreadable("the file does not exist; create it"))
            case .noSuchAddressOrDevice, .isDirectory:
                return ConfigurationFile(
                    path.string, .unreadable("this is not a regular file; put a text file in its place"))
            default:
                return ConfigurationFile(
                    path.string, .unreadable("the file cannot be read (\(error.errno)); let this user read it"))
            }
        }
    }
}
