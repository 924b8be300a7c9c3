import Names
import Testing

@testable import Service

@Suite("Service counters")
struct ServiceCountersTests {
    @Test("cameras that come and go under new names are all counted")
    func names() throws {
        let counters = try ServiceCounters(WorkerConfiguration(service: "test"))
        for round in 0..<10 {
            let names = try (0..<500).map { try #require(CameraName("camera-\(round)-\($0)")) }
            let rows = try names.map { try #require(counters.addRow($0)) }
            for row in rows { counters.set(row, [1]) }
            let totals = counters.totals()
            #expect(totals.cameras.count == names.count)
            #expect(names.allSatisfy { totals[$0][0] == 1 })
            for row in rows { counters.remove(row) }
        }
        #expect(counters.totals().cameras.isEmpty)
    }
}
