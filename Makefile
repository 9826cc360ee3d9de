# Everything that a contributor or a CI machine types. `make` alone lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo demo-nightly test build-tools prepare test-rust test-python test-traces test-faults check bench coverage k8s-check validate validate-verdicts validate-nights cross-check stack stack-down

CARGO ?= cargo
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
VENV := $(TARGET_DIR)/python-venv
export ANTIPHON_TARGET_DIR := $(abspath $(TARGET_DIR))

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build-tools ## Run every kind of probe against two simulated models; writes a report into antiphon-demo/
	@$(CARGO) run --locked --package antiphon -- demo antiphon-demo

demo-nightly: build-tools ## Play ten nights with a change on one of them; writes their history into antiphon-demo-nightly/
	@$(CARGO) run --locked --package antiphon -- demo --nightly antiphon-demo-nightly

test: prepare test-rust test-python ## Run all tests; installs what they need, and says what

build-tools: # A compiler, where there is none
	@tests/prepare.sh

prepare: # Packages and Python libraries that the tests use
	@tests/prepare.sh $(VENV)

# More threads than cores: tests with a broker mostly wait for it.
test-rust: # The tests in Rust
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-4} $(CARGO) test --workspace --locked --no-fail-fast

test-python: prepare # Official clients, a real browser and the readers of Parquet, against what cargo built
	$(CARGO) build --locked --workspace --bins --examples
	$(VENV)/bin/pytest tests/python --ignore tests/python/inspect --ignore tests/python/traces
	$(VENV)-inspect/bin/pytest --rootdir tests/python tests/python/inspect

test-traces: prepare ## Try traces against a collector (outside CI: it builds once more, with the feature `otel`)
	$(CARGO) build --locked --package antiphon --features otel
	$(CARGO) build --locked --package antiphon-tests --example stack
	$(VENV)/bin/pip install --quiet --requirement tests/python/traces/requirements.txt
	$(VENV)/bin/pytest --rootdir tests/python/traces --confcutdir tests/python/traces tests/python/traces

test-faults: prepare ## Try the fault matrix with FAULT_SEEDS seeds (20); `make test` tries one
	ANTIPHON_FAULT_SEEDS=$(or $(FAULT_SEEDS),20) $(CARGO) test --workspace --test faults --locked

check: build-tools ## Check format, lints, documentation and dependencies
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) clippy --package antiphon --features otel --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
	    $(CARGO) deny --locked check bans licenses sources; \
	else \
	    echo "cargo-deny is not installed: banned crates, licences and sources are held by tests/tests/tidy.rs alone"; \
	fi

bench: ## Measure side by side with what Antiphon is compared with; writes target/bench.json
	@tests/prepare.sh --broker
	$(CARGO) build --release --package antiphon --package antiphon-s3-server --locked
	$(CARGO) bench --package antiphon-store --package antiphon-stats --package antiphon-tests --locked

coverage: ## Simulate how often intervals hold the truth and tests cry wolf; writes docs/coverage.md (REPETITIONS=6000)
	$(CARGO) run --release --package antiphon-stats --example coverage --locked -- \
	    --repetitions $(or $(REPETITIONS),6000) --write docs/coverage.md

k8s-check: prepare ## Render Kubernetes overlays and hold them against schemas (CRD_SCHEMAS=FOLDER for custom resources)
	$(VENV)/bin/python tests/k8s_check.py $(CRD_SCHEMAS)

stack: ## Build and start a RabbitMQ, an S3 server and simulated models on free ports, and say how to use them
	@tests/prepare.sh --broker
	@$(CARGO) build --locked --package antiphon-tests --example stack
	@tests/stack.sh up $(ANTIPHON_TARGET_DIR)/stack $(ANTIPHON_TARGET_DIR)/debug/examples/stack

stack-down: ## Stop exactly what `make stack` started
	@tests/stack.sh down $(ANTIPHON_TARGET_DIR)/stack

cross-check: ## Compare the statistics with other libraries' on random inputs (2 minutes, outside CI)
	@tests/cross_check/run.sh

validate: ## Try real, tiny language models served by llama.cpp (20 minutes, outside CI)
	tests/validate/run.sh

validate-verdicts: ## Hold verdicts on documents against simulated voices of known truth (long, outside CI)
	$(CARGO) build --release --locked --workspace --bin antiphon --example verdicts
	ANTIPHON=$(abspath $(TARGET_DIR))/release/antiphon $(TARGET_DIR)/release/examples/verdicts

validate-nights: ## Hold verdicts on nights against seasons of known truth; writes docs/nights.md (SERIES=200; long, outside CI)
	$(CARGO) build --release --locked --workspace --bin antiphon --example nights
	ANTIPHON=$(abspath $(TARGET_DIR))/release/antiphon $(TARGET_DIR)/release/examples/nights \
	    --series $(or $(SERIES),200) --write docs/nights.md
