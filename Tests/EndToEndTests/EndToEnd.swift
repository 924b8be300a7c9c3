import TestSupport
import Testing

/// Tests of the release programs behind real nginx servers, as scripts/run starts them.
///
/// They check only counts, order and bounds that also hold on a slow machine. They print measurements without checking
/// them.
@Suite(
    "The whole system", .serialized,
    .enabled(if: OrielSystem.isBuilt, "the release programs are not built: run swift build -c release"))
enum EndToEnd {}

/// Prints a measurement.
func report(_ text: String) {
    print("  measured: \(text)")
}
