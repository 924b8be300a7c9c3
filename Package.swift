// swift-tools-version: 6.2
import PackageDescription

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

let package = Package(
    name: "oriel",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.6.0"),
    ],
    targets: [
        // Layer 1, system: wraps Linux, and does not depend on anything specific to Oriel.
        .systemLibrary(name: "CLinux"),
        .target(name: "Linux", dependencies: ["CLinux", system]),
        .target(name: "EventLoop", dependencies: ["Linux", system]),
        .target(name: "Pacing", dependencies: ["Linux"]),
        .target(name: "JSON"),
        .target(name: "Journal", dependencies: ["JSON", "Linux", system]),
        .target(name: "Daemon", dependencies: ["Linux", log, system]),

        // Layer 2, media: encodes, decodes and draws pictures. Knows nothing about rings or HTTP.
        .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"])]),
        .systemLibrary(name: "CVideo4Linux", pkgConfig: "libv4lconvert", providers: [.apt(["libv4l-dev"])]),
        .target(name: "MotionJPEG"),
        .target(name: "Drawing"),
        .target(name: "Rasters", dependencies: ["CPNG", "CWebP"]),
        .target(name: "TurboJPEG", dependencies: ["CTurboJPEG", "MotionJPEG"]),
        .target(name: "Video4Linux", dependencies: ["CVideo4Linux", "JSON", "Linux", system]),

        // Layer 3, frames: cameras and their rings.
        .target(name: "Names", dependencies: ["Linux", system]),
        .target(name: "SharedFrame", dependencies: ["Linux", "Names", system]),
        .target(name: "Cameras", dependencies: ["Linux", "Names", "SharedFrame"]),
        .target(
            name: "Capturing",
            dependencies: [
                "Daemon", "Drawing", "Linux", "MotionJPEG", "Names", "Pacing", "SharedFrame", "TurboJPEG", log, system,
            ]),

        // Layer 4, web: FastCGI and HTTP.
        .systemLibrary(name: "CFastCGI", pkgConfig: "fcgi", providers: [.apt(["libfcgi-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(name: "Curl", dependencies: ["CCurl", "Linux", system]),
        .target(name: "FastCGI", dependencies: ["CFastCGI", "Linux"]),
        .target(name: "Web", dependencies: ["FastCGI", "JSON"]),
        .target(
            name: "Service",
            dependencies: ["Daemon", "EventLoop", "FastCGI", "JSON", "Linux", "Names", "Web", log, system]),

        // Layer 5, domain: the configuration and the detector. They read their own files, and do no other I/O.
        .target(name: "UpstreamAccess", dependencies: ["Curl", "Linux", "Names", system]),
        .target(name: "Configuration", dependencies: ["Linux", "Names", "Tracking", "UpstreamAccess", system]),
        .target(name: "Detection", dependencies: ["Drawing", "Linux", "MotionJPEG", "Rasters", "TurboJPEG", system]),
        .target(name: "Tracking", dependencies: ["Linux"]),
        .target(name: "Events", dependencies: ["JSON", "Journal", "Linux", "MotionJPEG", "Names", "Tracking", system]),

        // Layer 6, services: the code of the programs, without their command lines. Services never import each other.
        .target(
            name: "CameraCapture",
            dependencies: [
                "Capturing", "Daemon", "EventLoop", "JSON", "Linux", "Names", "SharedFrame", "TurboJPEG", "Video4Linux",
                log, system,
            ]),
        .target(
            name: "FrameServer",
            dependencies: [
                "Cameras", "Drawing", "EventLoop", "Events", "FastCGI", "JSON", "Journal", "Linux", "MotionJPEG",
                "Names", "Service", "SharedFrame", "TurboJPEG", "Web", log, system,
            ]),
        .target(
            name: "DetectionServer",
            dependencies: [
                "Cameras", "Daemon", "Detection", "EventLoop", "FastCGI", "JSON", "Linux", "MotionJPEG", "Names",
                "Service", "SharedFrame", "Web", log, system,
            ]),
        .target(
            name: "LiveDetection",
            dependencies: [
                "Cameras", "Configuration", "Daemon", "Detection", "Events", "JSON", "Journal", "Linux", "MotionJPEG",
                "Names", "Pacing", "SharedFrame", "Tracking", "TurboJPEG", log, system,
            ]),
        .target(
            name: "Upstream",
            dependencies: [
                "Capturing", "Curl", "EventLoop", "JSON", "Linux", "MotionJPEG", "Names", "Pacing", "SharedFrame",
                "UpstreamAccess", log, system,
            ]),
        .target(
            name: "Supervision",
            dependencies: ["Configuration", "Daemon", "EventLoop", "JSON", "Linux", "Names", "SharedFrame", system]),

        // Layer 7, programs: command-line options, and the code that connects the services.
        .target(
            name: "ProgramSupport", dependencies: ["Daemon", "Linux", "Names", "SharedFrame", arguments, system]),
        .executableTarget(
            name: "capture-daemon",
            dependencies: [
                "CameraCapture", "Capturing", "Daemon", "Linux", "Names", "ProgramSupport", "SharedFrame",
                "Video4Linux", arguments, log, system,
            ]),
        .executableTarget(
            name: "mjpeg-fcgi",
            dependencies: ["FrameServer", "ProgramSupport", "Service", "SharedFrame", arguments]),
        .executableTarget(
            name: "relay-fcgi",
            dependencies: [
                "Daemon", "Events", "FrameServer", "Journal", "Linux", "Names", "ProgramSupport", "Service",
                "SharedFrame", "Upstream", "UpstreamAccess", arguments, log, system,
            ]),
        .executableTarget(
            name: "detect-fcgi",
            dependencies: [
                "Configuration", "Daemon", "Detection", "DetectionServer", "Events", "JSON", "Journal", "Linux",
                "LiveDetection", "ProgramSupport", "Service", "SharedFrame", arguments, log, system,
            ]),
        .executableTarget(
            name: "oriel",
            dependencies: [
                "Configuration", "Daemon", "JSON", "Linux", "Names", "ProgramSupport", "Supervision", arguments, system,
            ]),

        // Tests and benchmarks.
        .target(
            name: "TestSupport",
            dependencies: ["Linux", "MotionJPEG", "Names", "SharedFrame", log, system], path: "Tests/TestSupport"),
        .target(
            name: "DetectionTestSupport", dependencies: ["Detection", "Linux", "TestSupport", "TurboJPEG", system],
            path: "Tests/DetectionTestSupport"),
        .executableTarget(name: "load-generator", path: "Tests/LoadGenerator"),
        .executableTarget(
            name: "hello-fcgi", dependencies: ["FastCGI", "JSON", "ProgramSupport", "Service", "Web", arguments],
            path: "Tests/HelloWorker"),
        .executableTarget(
            name: "ring-stress",
            dependencies: ["Linux", "Names", "SharedFrame", "TestSupport", arguments, system], path: "Tests/RingStress"),
        .executableTarget(
            name: "ring-benchmark",
            dependencies: ["Linux", "Names", "SharedFrame", arguments], path: "Benchmarks/Ring"),
        .testTarget(name: "LinuxTests", dependencies: ["Linux", "TestSupport", system]),
        .testTarget(name: "EventLoopTests", dependencies: ["EventLoop", "Linux"]),
        .testTarget(name: "PacingTests", dependencies: ["Linux", "Pacing"]),
        .testTarget(name: "JSONTests", dependencies: ["JSON"]),
        .testTarget(name: "JournalTests", dependencies: ["Journal", "Linux", "TestSupport", system]),
        .testTarget(name: "DaemonTests", dependencies: ["Daemon", "Linux", "TestSupport", log, system]),
        .testTarget(name: "MotionJPEGTests", dependencies: ["MotionJPEG", "TestSupport"]),
        .testTarget(name: "DrawingTests", dependencies: ["Drawing", "TestSupport"]),
        .testTarget(name: "TurboJPEGTests", dependencies: ["Drawing", "MotionJPEG", "TestSupport", "TurboJPEG"]),
        .testTarget(name: "Video4LinuxTests", dependencies: ["Linux", "TestSupport", "Video4Linux", system]),
        .testTarget(name: "NamesTests", dependencies: ["Names"]),
        .testTarget(
            name: "SharedFrameTests",
            dependencies: [
                "Linux", "Names", "ring-stress", "SharedFrame", "TestSupport", system,
            ], exclude: ["read_ring.py"]),
        .testTarget(
            name: "ConfigurationTests",
            dependencies: ["Configuration", "Linux", "Names", "TestSupport", "Tracking", system],
            exclude: ["Faulty"]),
        .testTarget(
            name: "SupervisionTests",
            dependencies: [
                "Configuration", "Linux", "Names", "oriel", "SharedFrame", "Supervision", "TestSupport", system,
            ]),
        .testTarget(name: "FastCGITests", dependencies: ["FastCGI", "Linux", "TestSupport", system]),
        .testTarget(
            name: "ServiceTests",
            dependencies: [
                "EventLoop", "FastCGI", "hello-fcgi", "Linux", "Names", "Service", "TestSupport", "Web", system,
            ]),
        .testTarget(
            name: "DetectionTests",
            dependencies: [
                "detect-fcgi", "Detection", "DetectionTestSupport", "Drawing", "Linux", "MotionJPEG", "TestSupport",
                "TurboJPEG", system,
            ], exclude: ["Models", "reference.c", "reference.py"]),
        .testTarget(name: "TrackingTests", dependencies: ["Linux", "Tracking"]),
        .testTarget(
            name: "EventsTests",
            dependencies: ["Events", "JSON", "Linux", "MotionJPEG", "TestSupport", "Tracking", system]),
        .testTarget(
            name: "LiveDetectionTests",
            dependencies: [
                "Configuration", "Detection", "DetectionTestSupport", "Events", "JSON", "Journal", "Linux",
                "LiveDetection", "MotionJPEG", "Names", "SharedFrame", "TestSupport", "TurboJPEG", log, system,
            ]),
        .testTarget(
            name: "CapturingTests",
            dependencies: [
                "Capturing", "Daemon", "Drawing", "Linux", "MotionJPEG", "SharedFrame", "TestSupport", "TurboJPEG", log,
                system,
            ]),
        .testTarget(
            name: "CameraCaptureTests",
            dependencies: [
                "CameraCapture", "capture-daemon", "Capturing", "JSON", "Linux", "MotionJPEG", "Names", "SharedFrame",
                "TestSupport", "TurboJPEG", "Video4Linux", log, system,
            ]),
        .testTarget(
            name: "FrameServerTests",
            dependencies: [
                "Cameras", "Service", "Web",
                "EventLoop", "FastCGI", "FrameServer", "Journal", "Linux", "mjpeg-fcgi", "MotionJPEG", "Names",
                "SharedFrame", "TestSupport", log, system,
            ]),
        .testTarget(
            name: "DetectionServerTests",
            dependencies: [
                "Service", "Web",
                "detect-fcgi", "Detection", "DetectionServer", "DetectionTestSupport", "EventLoop", "FrameServer",
                "Linux",
                "Names", "SharedFrame", "TestSupport", "TurboJPEG", system,
            ]),
        .testTarget(
            name: "UpstreamTests",
            dependencies: [
                "Curl", "Linux", "MotionJPEG", "Names", "Pacing", "relay-fcgi", "SharedFrame", "TestSupport",
                "Upstream", "UpstreamAccess", log, system,
            ]),
        .testTarget(
            name: "ProgramSupportTests",
            dependencies: ["Daemon", "Linux", "ProgramSupport", "TestSupport", arguments, log, system]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "DetectionTestSupport", "Events", "Journal", "Linux", "MotionJPEG", "Names", "SharedFrame",
                "TestSupport",
                "TurboJPEG", system,
            ]),
    ],
    swiftLanguageModes: [.v6]
)

// The fuzz targets are built in one of two ways: as unit tests that run the corpus, or, if scripts/fuzz sets
// ORIEL_FUZZ, as a program whose main function libFuzzer supplies.
let fuzzed: [Target.Dependency] = [
    "Cameras", "Detection", "DetectionServer", "Drawing", "EventLoop", "Events", "FastCGI", "FrameServer", "JSON",
    "Journal", "Linux", "MotionJPEG", "Names", "Service", "SharedFrame", "Tracking", "TurboJPEG", "Upstream",
    "UpstreamAccess", "Web", system,
]
package.targets.append(
    Context.environment["ORIEL_FUZZ"] != nil
        ? .executableTarget(
            name: "fuzz", dependencies: fuzzed, path: "Tests/Fuzzing", exclude: ["Corpus", "CorpusTests.swift"])
        : .testTarget(
            name: "FuzzingTests", dependencies: fuzzed + ["TestSupport"], path: "Tests/Fuzzing",
            exclude: ["Corpus", "EntryPoints.swift"]))

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .strictMemorySafety(),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
}
