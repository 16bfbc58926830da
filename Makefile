# Two commands are enough on a fresh Debian 12 with Swift 6.3: `make demo` and `make test`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

sources := Sources Tests fuzz sim Package.swift $(wildcard bench/microbench)
binary := .build/release/gatekeeperd
# No shared Swift libraries beside the binary, and no word of where it was built: the same bytes from any folder. Relocations are packed (1.2 MB; glibc
# 2.36 reads them), and nothing of ours is for others to link (0.3 MB).
optimised := --configuration release --static-swift-stdlib -Xcc -ffile-prefix-map=$(CURDIR)=. \
	-Xswiftc -use-ld=lld -Xlinker -z -Xlinker pack-relative-relocs -Xlinker --no-export-dynamic
# Without symbols, and without what would be thrown away with them: a binary of 19.0 MB instead of 19.6, and 7 % less work for the compiler.
release := $(optimised) -Xlinker -s -debug-info-format none
# Test builds have a folder of their own, so that they and the release build can run at the same time.
tests := --scratch-path .build/tests
# The suites that drive the real binary; their types are named for their files.
empty :=
space := $(empty) $(empty)
suites_in = $(basename $(notdir $(wildcard Tests/gatekeeperdTests/$(1)/*Tests.swift)))
filter_of = gatekeeperdTests\.($(subst $(space),|,$(strip $(1))))/
e2e_filter := $(call filter_of,$(call suites_in,EndToEnd))
# Every other one: two processes of them take half the time of one, as each waits for daemons most of the time.
e2e_filter_1 := $(call filter_of,$(shell printf '%s\n' $(call suites_in,EndToEnd) | sed -n '1~2p'))
e2e_filter_2 := $(call filter_of,$(shell printf '%s\n' $(call suites_in,EndToEnd) | sed -n '2~2p'))
# Those that need ticket systems of a size that not every test run should install.
full_filter := $(call filter_of,$(call suites_in,EndToEndFull))

export GATEKEEPERD ?= $(CURDIR)/$(binary)

##@ The main job

.PHONY: demo
demo: release ## Show the door at work on loopback: certificate, ticket API, curl lines to try
	@scripts/prepare demo
	@exec $(binary) demo

.PHONY: demo-check
demo-check: release ## Run the demo's curl lines: an allowed address is served, a stranger is reset
	@scripts/prepare demo
	@scripts/demo-check $(binary)

##@ Tests

.PHONY: test
test: ## Prepare what is missing, build, and run every test
	@scripts/prepare test
	@scripts/run-tests

.PHONY: unit
unit: prepare ## Run the tests that need neither the release binary nor a ticket system
	swift test $(tests) --skip '$(e2e_filter)' --skip '$(full_filter)'

.PHONY: unit-run e2e-run e2e-run-1 e2e-run-2
unit-run:
	@swift test --skip-build $(tests) --skip '$(e2e_filter)' --skip '$(full_filter)'
e2e-run:
	@swift test --skip-build $(tests) --filter '$(e2e_filter)'
# Without SwiftPM, of which one at a time may use a folder.
e2e-run-1 e2e-run-2: e2e-run-%:
	@NO_COLOR=1 .build/tests/debug/gatekeeperPackageTests.xctest --testing-library swift-testing --filter '$(e2e_filter_$*)'

.PHONY: e2e
e2e: release ## Run the tests that drive the real binary in front of a real ticket system
	@scripts/prepare test
	@Tests/gatekeeperdTests/Harness/prepare-roundup .build/roundup
	@Tests/gatekeeperdTests/Harness/prepare-oracle .build/oracle
	@Tests/gatekeeperdTests/Harness/prepare-haproxy .build/haproxy
	@Tests/gatekeeperdTests/Harness/prepare-promtool .build/promtool
	swift test $(tests) --filter '$(e2e_filter)'

.PHONY: e2e-full
e2e-full: release ## Run the tests in front of Request Tracker and Redmine; not part of `make test`
	@scripts/prepare full
	@Tests/gatekeeperdTests/Harness/prepare-rt5 .build/rt5
	@Tests/gatekeeperdTests/Harness/prepare-redmine .build/redmine
	swift test $(tests) --filter '$(full_filter)'

.PHONY: test-sanitized
test-sanitized: prepare ## Run the end-to-end tests against address- and thread-sanitized builds
	@scripts/prepare test
	@scripts/test-sanitized

.PHONY: sim
sim: prepare ## Run the core on simulated kernels: 100 000 seeds, SIM_SECONDS (1800) at most; SEED=… replays one
	@scripts/sim $(SEED)

.PHONY: sim-mutations
sim-mutations: prepare ## Show that the simulation finds each of the bugs in sim/mutations
	@scripts/sim-mutations

.PHONY: fuzz
fuzz: prepare ## Run each fuzz property for FUZZ_SECONDS (60) under the address sanitizer
	@scripts/fuzz

.PHONY: slowhttptest
slowhttptest: release ## Measure an admitted client's requests while four slow attacks run, SLOW_SECONDS (60) each
	@scripts/prepare slow
	@scripts/slowhttptest $(binary)

.PHONY: scale-check
scale-check: release ## Fail over by keepalived, restart doors behind HAProxy, run the Kubernetes manifests: three minutes
	@scripts/prepare scale
	@packaging/test-scale

.PHONY: acme-check
acme-check: release ## Order certificates from pebble through real doors, SCENE=… for one: ten minutes
	@scripts/prepare acme
	@packaging/test-acme $(SCENE)

.PHONY: monitoring-check
monitoring-check: release ## Have Prometheus, rsyslog and fail2ban read the files of packaging/monitoring
	@scripts/prepare scale
	@packaging/test-scale monitoring

.PHONY: status-page-check
status-page-check: release ## Look at the status page in Chromium: accessibility, width, requests; writes docs/status-page
	@scripts/prepare page
	@scripts/status-page-check $(binary)

.PHONY: check
check: prepare lint ## What a change must pass before it is shared: format, lint, no warnings, unit tests
	@scripts/build-strictly
	@scripts/fuzz --build
	@$(MAKE) --no-print-directory unit

.PHONY: lint
lint: ## Check the format
	swift format lint --strict --recursive $(sources)

.PHONY: format
format: ## Format the sources in place
	swift format --in-place --recursive $(sources)

.PHONY: release-check
release-check: release ## Say what is in the way of a release (RELEASING.md)
	@scripts/release-check $(binary)

##@ The package

.PHONY: deb
deb: release ## Build the Debian package, .build/deb/gatekeeper_VERSION_ARCH.deb
	@scripts/prepare deb
	@if $(MAKE) --dry-run man >/dev/null 2>&1; then $(MAKE) --no-print-directory man; fi
	@packaging/build-deb $(binary) .build/deb

.PHONY: deb-check
deb-check: deb ## Check the package, and install, upgrade under load and purge it on Debian 12 and 13; as root
	@packaging/check-deb $(binary) .build/deb

.PHONY: deb-reproduce
deb-reproduce: deb ## Build this commit's package again in another folder; the bytes must be the same
	@packaging/reproduce-deb .build/deb/gatekeeper_$$($(binary) --version | cut -d' ' -f2)_*.deb

.PHONY: image
image: deb ## Build the container image of the package, .build/image/*.tar, and bills of materials; as root
	@scripts/prepare image
	@packaging/container/build-image .build/deb/gatekeeper_$$($(binary) --version | cut -d' ' -f2)_*.deb .build/image

.PHONY: image-check
image-check: image ## Run the image: admitted, denied, health, reload, drain; as root
	@packaging/container/test-image "$$($(binary) --version | cut -d' ' -f2)" .build/image

##@ Measurements

.PHONY: bench
bench: prepare ## Measure single parts: the allow-list, the journal
	swift build --configuration release --product microbench
	@.build/release/microbench

.PHONY: compare
compare: release ## Measure against nginx and HAProxy; writes bench/RESULTS.md
	bench/compare --markdown bench/RESULTS.md

.PHONY: budget
budget: ## Count instructions against nginx and HAProxy under valgrind; writes bench/BUDGETS.md
	@scripts/prepare budget
	swift build $(optimised) --scratch-path .build/budget --product gatekeeperd
	GATEKEEPERD=.build/budget/release/gatekeeperd bench/budget --markdown

.PHONY: budget-check
budget-check: release ## Fail if a unit of work costs 3 % more instructions than bench/BUDGETS.md says
	@scripts/prepare budget
	@bench/budget --check

.PHONY: budget-run
budget-run:
	@bench/budget --check --only keepalive,denied

##@ Pieces

.PHONY: reference
reference: release ## Write docs/guide/configuration.md from the table of keys
	@mkdir -p docs/guide
	@$(binary) reference > docs/guide/configuration.md

# Built twice, pages are the same to the byte.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || date +%s)

.PHONY: man
man: release ## Write the manual's pages to .build/man
	@rm -rf .build/man && mkdir -p .build/man
	@for page in $$($(binary) reference list | grep '\.[58]$$'); do $(binary) reference $$page > .build/man/$$page; done

.PHONY: man-check
man-check: man ## Fail if mandoc or lintian's tools find fault with the manual
	@scripts/prepare man
	@scripts/man-check .build/man

.PHONY: completions
completions: release ## Write what bash, zsh and fish complete by to .build/completions
	@rm -rf .build/completions && mkdir -p .build/completions
	@for file in gatekeeperd.bash _gatekeeperd gatekeeperd.fish; do $(binary) reference $$file > .build/completions/$$file; done

.PHONY: completions-check
completions-check: completions ## Ask bash, zsh and fish what they offer; installs them
	@scripts/prepare completions
	@scripts/completions-check $(binary) .build/completions

.PHONY: prepare
prepare: ## Install what the build needs from Debian's packages; nothing if it is there
	@scripts/prepare build

.PHONY: release
release: prepare ## Build the release binary
	@swift build $(release) --product gatekeeperd

.PHONY: certificates
certificates: ## Make a development authority and certificates in certs-dev
	@certs-dev/make-certs.sh

.PHONY: clean
clean: ## Remove everything that was built or made
	rm -rf .build
	rm -f certs-dev/*.pem

.PHONY: help
help: ## List these commands
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "%s%s\n", heading++ ? "\n" : "", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
