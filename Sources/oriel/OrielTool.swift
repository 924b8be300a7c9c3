import ArgumentParser
import Daemon
import ProgramSupport

/// Runs and checks an Oriel system.
@main
struct OrielTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "oriel",
        abstract: "Runs and checks an Oriel system, which consists of cameras, workers and web servers.",
        discussion: """
            A system is configured by the files oriel.conf and cameras.d/*.conf in a folder, and by the environment \
            variables of scripts/run, which take precedence. If no folder is specified, there is one camera, which is \
            detected automatically.
            """,
        version: orielVersion,
        subcommands: [Run.self, Check.self, ListParts.self, HandOver.self, Tidy.self])

    static func main() {
        runProgram(OrielTool.self)
    }
}
