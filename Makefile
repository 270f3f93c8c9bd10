# Every routine of the project. `make help` lists them; `make test` sets everything up itself.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DEMO_INSTALLED := $(VENV)/.installed-demo
DOCS_INSTALLED := $(VENV)/.installed-docs
QUALITY_INSTALLED := $(VENV)/.installed-quality
BENCH_INSTALLED := $(VENV)/.installed-bench
PIPELINE_VENV ?= .venv-pipeline
PIPELINE_INSTALLED := $(PIPELINE_VENV)/.installed
CACHE := .cache

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Set-up

.PHONY: setup-system
setup-system: ## Install the system packages the tests need, where apt is at hand (as root)
	@missing=(); \
	java_major=$$(java -version 2>&1 | sed -nE '1s/.*version "([0-9]+).*/\1/p' || true); \
	[[ -n "$$java_major" && "$$java_major" -ge 17 ]] || missing+=(openjdk-17-jre-headless); \
	command -v mvn >/dev/null || missing+=(maven); \
	command -v promtool >/dev/null && command -v prometheus >/dev/null || missing+=(prometheus); \
	$(PYTHON) -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv); \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || missing+=(chromium); \
	if [[ $${#missing[@]} -eq 0 ]]; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then \
		echo "Missing: $${missing[*]} (Debian names). Install Java 17+, Maven and Prometheus with this system's own packages." >&2; exit 1; \
	fi; \
	if [[ $$(id -u) -eq 0 ]]; then as_root=(); elif command -v sudo >/dev/null; then as_root=(sudo -n); else \
		echo "Missing: $${missing[*]}. As root: apt-get install $${missing[*]}" >&2; exit 1; \
	fi; \
	echo "Installing $${missing[*]}"; \
	"$${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null; \
	"$${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${missing[@]}" </dev/null

.PHONY: setup
setup: $(INSTALLED) ## Make the virtual environment and install the project with its development tools

# One package set after the other may be installed: the demo's, the developers', the figures', the comparisons', the benchmarks'.
$(INSTALLED): EXTRA := dev
$(DEMO_INSTALLED): EXTRA := demo
$(DOCS_INSTALLED): EXTRA := docs
$(QUALITY_INSTALLED): EXTRA := quality
$(BENCH_INSTALLED): EXTRA := bench
$(INSTALLED) $(DEMO_INSTALLED) $(DOCS_INSTALLED) $(QUALITY_INSTALLED) $(BENCH_INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) -V 2>&1). Name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[$(EXTRA)]'
	@touch $@

# Quix Streams wants older packages than the project's: an environment of its own.
$(PIPELINE_INSTALLED): pyproject.toml benchmarks/pipeline_constraints.txt
	test -x $(PIPELINE_VENV)/bin/python || $(PYTHON) -m venv $(PIPELINE_VENV)
	$(PIPELINE_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint benchmarks/pipeline_constraints.txt --editable '.[pipeline]'
	@touch $@

##@ Live

.PHONY: demo
demo: $(DEMO_INSTALLED) ## A simulated shop and this machine live through a broker, until Ctrl-C (ARGS='--duration 60')
	@exec $(BIN)/hebbstream demo $(ARGS)

##@ Quality

.PHONY: fmt
fmt: setup ## Format the code and apply the safe lint fixes
	$(BIN)/ruff check --fix --exit-zero --quiet .
	$(BIN)/ruff format .

.PHONY: check
check: setup ## The gate without the tests: format, lint, types, generated files, house rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/hadolint Dockerfile
	$(BIN)/mypy
	$(BIN)/python -m daemon.reference --check
	$(BIN)/pytest -q --durations=0 tests/house

.PHONY: generate
generate: setup ## Rewrite docs/configuration.md, docs/metrics.md, docs/openapi.json, configs/schema.json and configs/reference.yaml
	$(BIN)/python -m daemon.reference

##@ Tests

WORKERS ?= 2

.PHONY: test
test: setup ## Every test, in two processes (WORKERS=2); those with a broker use Apache Kafka where Java and Maven are at hand
	# A process that compiles may compute other last digits than those that load: compile apart.
	$(BIN)/python -c "from daemon.warmup import main; main()"
	# Each process has a broker of its own, of jars that are fetched once; what is missing the tests tell.
	-@$(BIN)/python tests/broker.py fetch >/dev/null 2>&1
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile

.PHONY: test-fast
test-fast: setup ## The tests that need no broker and take no time
	$(BIN)/pytest -q -m "not slow and not kafka"

.PHONY: test-kafka
test-kafka: setup ## The tests against a broker
	$(BIN)/pytest -m kafka

SEEDS ?= 1000

.PHONY: sim
sim: setup ## Crashes drawn from many seeds: the end must be that of a calm run (SEEDS=1000, or FIRST..LAST)
	HEBBSTREAM_SIM_SEEDS=$(SEEDS) $(BIN)/pytest -q -x tests/service/test_simulation.py

KILLS ?= 50

.PHONY: soak
soak: setup ## Kill the real process at random under load on Apache Kafka, and compare with a run left alone (KILLS=50)
	PYTHONPATH=tests $(BIN)/python tests/soak.py --kills $(KILLS)

.PHONY: soak-two
soak-two: setup ## Two processes that leave, sleep past their session and lose the broker (ARGS='--leaves 20 --sleeps 5 --broker-kills 10')
	PYTHONPATH=tests $(BIN)/python tests/soak_two.py $(ARGS)

.PHONY: test-nojit
test-nojit: setup ## The library's tests as plain Python, with branch coverage
	NUMBA_DISABLE_JIT=1 $(BIN)/pytest -q -m "not slow" --cov=hebbstream --cov-branch --cov-report=term-missing tests/kernels tests/library

.PHONY: test-bounds
test-bounds: setup ## The kernels' tests with array bounds checked, compiled into a cache of their own
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(abspath $(CACHE)/numba-bounds) $(BIN)/pytest -q -m "not slow" tests/kernels tests/library \
		tests/service/kernels tests/service/formats tests/service/kafka/test_columnar.py

.PHONY: test-api
test-api: setup ## Thousands of made-up requests against the API's description, and the page in a browser
	HEBBSTREAM_API_EXAMPLES=$${HEBBSTREAM_API_EXAMPLES:-400} $(BIN)/pytest -q tests/service/http tests/integration/test_api_contract.py tests/integration/test_api_page.py

.PHONY: bench
bench: setup $(BENCH_INSTALLED) ## The library beside others and as it grows: rewrite its part of docs/benchmarks.md and the baseline
	$(BIN)/python -m benchmarks.growth $(ARGS)

.PHONY: bench-check
bench-check: setup $(BENCH_INSTALLED) ## Say what became slower than benchmarks/growth_baseline.json, by ratios in one run
	$(BIN)/python -m benchmarks.growth --check --rounds 3

.PHONY: bench-ingest
bench-ingest: setup $(BENCH_INSTALLED) $(PIPELINE_INSTALLED) ## Records a second of CPU time from a topic to incidents, beside other clients and a Quix Streams pipeline (Apache Kafka; ARGS='--rounds 5')
	$(BIN)/python -m benchmarks.bench_ingest --pipeline-python $(PIPELINE_VENV)/bin/python $(ARGS)

.PHONY: bench-stages
bench-stages: setup ## Cost of each stage of a tick over the plain subspace, and rewrite its table in docs/benchmarks.md
	$(BIN)/python -m benchmarks.stages

.PHONY: bench-state
bench-state: setup ## Snapshot bytes a series, pause of a checkpoint, restore time, at 100,000 series (ARGS='--seconds 60')
	$(BIN)/python benchmarks/bench_state.py $(ARGS)

.PHONY: bench-live
bench-live: setup ## Start to ready, latency from record to score, CPU and memory at 10,000 series (ARGS='--series 10000 --seconds 60')
	$(BIN)/python -m benchmarks.bench_live $(ARGS)

.PHONY: bench-load
bench-load: setup ## Latency from record to score at 10 % and 80 % of what the service can read (Apache Kafka; ARGS='--load .1,.8')
	PYTHONPATH=tests $(BIN)/python -m benchmarks.bench_load $(ARGS)

.PHONY: bench-api
bench-api: setup ## Latency of the API under full ingest, and what reading costs the ingest
	$(BIN)/python benchmarks/bench_api.py

.PHONY: quality
quality: setup $(QUALITY_INSTALLED) ## Compare with other detectors and rewrite docs/quality.md (DATA=folder for labelled data, ARGS=--quick)
	$(BIN)/python -m benchmarks.quality $(if $(DATA),--data $(DATA)) $(ARGS)

.PHONY: bench-graph
bench-graph: setup ## Follow changing relations beside the exact matrix and rewrite docs/graph_benchmark.md (DATA=folder, ARGS=--quick)
	$(BIN)/python -m benchmarks.graph $(if $(DATA),--data $(DATA)) $(ARGS)

.PHONY: quality-baseline
quality-baseline: setup ## Rewrite benchmarks/quality_baseline.json, below which tests/quality lets no change fall
	$(BIN)/python -m benchmarks.quality.regression

.PHONY: rules-plots
rules-plots: $(DOCS_INSTALLED) ## Redraw docs/plots, the figures of docs/rules.md
	$(BIN)/python benchmarks/plot_rules.py

##@ Container image

IMAGE ?= hebbstream
BUILDER ?= docker build

.PHONY: image
image: ## Build the container image (BUILDER='podman build --format docker' for another builder)
	$(BUILDER) --file Dockerfile --tag $(IMAGE) \
		--build-arg VERSION="$$(sed -nE 's/^version = "(.*)"/\1/p' pyproject.toml)" \
		--build-arg REVISION="$$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
		--build-arg CREATED="$$(date --utc +%Y-%m-%dT%H:%M:%SZ)" .

.PHONY: image-test
image-test: setup ## Build the image with buildah on a Debian base and run it read-only as its user (as root)
	PYTHONPATH=tests $(BIN)/python -m image.run

##@ Housekeeping

.PHONY: clean
clean: ## Remove the environment, caches and build products
	rm -rf $(VENV) $(PIPELINE_VENV) $(CACHE) build dist out htmlcov .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
