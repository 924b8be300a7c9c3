import Linux
import SystemPackage
import TestSupport
import Testing

/// The fuzzers' corpus, and a few variations of each input, without libFuzzer.
///
/// A violated condition ends the process, so that the part's summary names this suite as killed.
@Suite("Fuzz targets", .timeLimit(.minutes(10)))
struct CorpusTests {
    @Test("Every input of the corpus, and damaged copies of it, keep all conditions", arguments: FuzzTarget.allCases)
    func corpus(_ target: FuzzTarget) throws {
        let copyCount = Environment.value("ORIEL_TEST_FULL") == nil ? 50 : 1000
        var mutator = Mutator("corpus \(target.rawValue)")
        let folder = OrielSystem.root.appending("Tests/Fuzzing/Corpus/\(target.rawValue)")
        let names = Folder.names(in: folder)
        try #require(!names.isEmpty)
        for name in names {
            let input = try File.contents(of: folder.appending(name))
            target.run(input)
            for _ in 0..<copyCount { target.run(mutator.mutate(input)) }
        }
    }
}
