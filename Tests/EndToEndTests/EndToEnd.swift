import TestSupport
import Testing

/// Tests of the release programs behind real nginx servers, as scripts/run starts them.
///
/// They check counts, order and bounds that hold on a slow machine too; what they measure is only printed.
@Suite(
    "The whole system", .serialized,
    .enabled(if: OrielSystem.isBuilt, "the release programs are not built: swift build -c release"))
enum EndToEnd {}

/// Writes a measurement below the tests' own lines.
func report(_ text: String) {
    print("  measured: \(text)")
}
