// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target of ours is compiled with: language mode 6, unsafe code marked where it stands, and the upcoming
/// features that keep isolation and imports explicit. `NonisolatedNonsendingByDefault` is what lets a connection be a plain
/// class: its async functions run where their caller runs, so it can't leave its worker.
let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    // A buffer lends its bytes as a `Span` that can't outlive it; the annotation for that is still experimental (as in swift-nio).
    .enableExperimentalFeature("Lifetimes"),
]

/// Debug builds can run on a simulated kernel (`Base/System/Kernel.swift`); nothing of that is in a release build.
let simulatable = SwiftSetting.define("SIMULATION", .when(configuration: .debug))
let simulated = CSetting.define("SIMULATION", .when(configuration: .debug))

/// Whether accesses to a variable overlap is checked at run time in debug builds alone, in which the tests and the simulation run (decision 0028).
let unchecked = SwiftSetting.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))

/// The control plane is four fifths of our code and is waited for by people: small rather than quick.
let small = SwiftSetting.unsafeFlags(["-Osize"], .when(configuration: .release))

let package = Package(
    name: "gatekeeper",
    products: [
        .library(name: "Gatekeeper", targets: ["Gatekeeper"]),
        .executable(name: "gatekeeperd", targets: ["gatekeeperd"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
    ],
    targets: [
        .target(name: "CLinux"),
        .target(
            name: "CTLS", cSettings: [simulated], linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .target(
            name: "Gatekeeper", dependencies: ["CLinux", "CTLS"], swiftSettings: settings + [simulatable, unchecked]),
        .executableTarget(
            name: "gatekeeperd",
            dependencies: [
                "Gatekeeper", "CYAML", "CSQLite",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings + [small]),
        // Reads the documents of exact bytes that both test targets run on.
        .target(name: "HTTPFixtures", path: "Tests/HTTPFixtures", swiftSettings: settings),
        .testTarget(
            name: "GatekeeperTests", dependencies: ["Gatekeeper", "CTLS", "CLinux", "HTTPFixtures"], exclude: ["HTTP1/Fixtures"],
            swiftSettings: settings + [simulatable]),
        .testTarget(
            name: "gatekeeperdTests",
            dependencies: [
                "gatekeeperd", "Gatekeeper", "CTLS", "CLinux", "HTTPFixtures",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: [
                "Harness/confine", "Harness/vanishing-host", "Harness/half-record", "Harness/hold-thread", "Harness/outbound-network",
                "Harness/prepare-haproxy",
                "Harness/prepare-oracle",
                "Harness/prepare-promtool",
                "Harness/prepare-redmine",
                "Harness/prepare-roundup", "Harness/prepare-rt5", "Harness/requests-by-h11",
                "Vigilance/Traces",
            ],
            swiftSettings: settings),
        // Measures what no load generator sees: the cost of one lookup. Not installed, not part of the product.
        .target(name: "CMallocCount", path: "bench/malloccount"),
        .executableTarget(
            name: "microbench", dependencies: ["Gatekeeper", "CMallocCount"], path: "bench/microbench", swiftSettings: settings),
    ]
)
