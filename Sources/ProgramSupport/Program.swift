public import ArgumentParser
import Daemon
import Glibc
import Linux

/// Parses the command line and runs the command; each program's `main` consists of this call.
///
/// Before the command runs, this sets up logging, ignores SIGPIPE, and makes a crash terminate the process immediately.
///
/// An error is printed to standard error as one line and determines the exit status. A ``Failure`` contains its own
/// status. The status is 64 for an invalid option, 71 for a ``SystemError``, and 70 for any other error. `--help` and
/// `--version` print to standard output and exit with status 0.
public func runProgram(_ command: any ParsableCommand.Type) {
    Signals.ignoreBrokenPipe()
    Signals.endAtOnceOnCrash()
    LogOutput.bootstrap()
    do {
        var parsed = try command.parseAsRoot(withNegativeNumbersJoined(Array(CommandLine.arguments.dropFirst())))
        try parsed.run()
    } catch {
        end(command, with: error)
    }
}

/// Rewrites `--fps -1` as `--fps=-1`, because the parser would mistake a negative number for an option.
func withNegativeNumbersJoined(_ arguments: [String]) -> [String] {
    var joined: [String] = []
    for argument in arguments {
        let isNumber = argument.first == "-" && argument.dropFirst().first.map { "0123456789.".contains($0) } ?? false
        if isNumber, let name = joined.last, name.hasPrefix("--"), name.count > 2, !name.contains("=") {
            joined[joined.count - 1] = "\(name)=\(argument)"
        } else {
            joined.append(argument)
        }
    }
    return joined
}

private func end(_ command: any ParsableCommand.Type, with error: any Error) -> Never {
    let ending = ProgramEnding(error, of: command)
    switch ending {
    case .text: command.exit(withError: error)
    case .failure(let status, let sentence):
        writeToStandardError(LogOutput.current == .journal ? "<3>\(sentence)\n" : "error: \(sentence)\n")
        exit(status)
    }
}

/// How the program exits after the command has thrown.
enum ProgramEnding: Equatable {
    /// Prints output that the user asked for, such as the help; this is not an error.
    case text
    /// Prints `sentence` as an error and exits with `status`.
    case failure(status: Int32, sentence: String)

    init(_ error: any Error, of command: any ParsableCommand.Type) {
        switch error {
        case let failure as Failure:
            self = .failure(status: failure.status.rawValue, sentence: failure.description)
        case let error as SystemError:
            self = .failure(status: ExitStatus.osError.rawValue, sentence: "\(error)")
        default:
            let code = command.exitCode(for: error)
            if code == .success {
                self = .text
            } else if code == .validationFailure {
                let name = command.configuration.commandName ?? "the program"
                self = .failure(
                    status: ExitStatus.usage.rawValue,
                    sentence: "\(command.message(for: error)) (see \(name) --help)")
            } else {
                self = .failure(status: ExitStatus.software.rawValue, sentence: "\(error)")
            }
        }
    }
}
