public import ArgumentParser
import Daemon
import Glibc
import Linux

/// Runs a program from its command line to its end; the whole of `main`.
///
/// Log output is set up, SIGPIPE ignored and a crash made the end at once before the command runs. An error is printed as one line to the standard
/// error and ends the process with the status that fits: 64 for a wrong option, a ``Failure``'s own, 71 for a
/// ``SystemError``, else 70. `--help` and `--version` go to the standard output with status 0.
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

/// The arguments with `--fps -1` as `--fps=-1`: else a number below zero is taken for an option, and the one before it for
/// one without a value, though no option's name begins with a digit.
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

/// How a program ends after an error has left its command.
enum ProgramEnding: Equatable {
    /// No error: a text that was asked for, such as the help.
    case text
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
