# SPDX-License-Identifier: Apache-2.0
# Every target sets up what it needs and reuses what is there. `make help` lists the targets.

PYTHON ?= python3
PY     := .venv/bin/python
STAMP  := .venv/.ready
JOBS   ?= $(shell nproc)
PRESET ?= ecp5_85
GATE   ?= rich
LIMIT  ?= 200
RTL    ?= sv
HLS    ?= vendor
SEEDS  ?= 1
PORT   ?= 8000
# KEEP=--keep writes the tables of real handwriting to docs/results.
KEEP   ?=

.DEFAULT_GOAL := help
.PHONY: help setup sim demo hls test long quick lint format train table tables speed bench synth fpga regs formal power report clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(STAMP) ## Create .venv with the pinned dependencies

$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
	  || { echo "Python 3.11 is needed; name it with 'make PYTHON=/path/to/python3.11'." >&2; exit 2; }
	@for tool in g++ make perl; do command -v $$tool >/dev/null \
	  || { echo "'$$tool' is needed and not on PATH (Debian: apt-get install g++ make perl)." >&2; exit 2; }; done
	@$(PYTHON) -m venv .venv \
	  || { echo "python3 -m venv failed (Debian: apt-get install python3-venv)." >&2; exit 2; }
	.venv/bin/pip install --quiet --disable-pip-version-check -r <(grep '^torch==' $<)
	.venv/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

sim: $(STAMP) ## Stream images through the full RTL and compare with the golden model (PRESET, GATE, LIMIT, RTL=sv|hls)
ifeq ($(RTL),hls)
	$(PY) scripts/sim_hls.py
else ifeq ($(RTL),sv)
	$(PY) scripts/compare_golden.py --preset $(PRESET) --gate $(GATE) --limit $(LIMIT) --stages int,rtl
else
	@echo "RTL is '$(RTL)', allowed are sv (hand-written) and hls (exported by an HLS compiler)." >&2; exit 2
endif

demo: $(STAMP) ## Serve a page in front of the simulated device: draw, correct it, be understood (PRESET, GATE, PORT)
	$(PY) scripts/demo.py --preset $(PRESET) --gate $(GATE) --port $(PORT)

hls: $(STAMP) ## Generate the HLS (hls4ml and hand-written), C-simulate and compare it (HLS=vendor|bambu: by layers)
ifeq ($(HLS),bambu)
	$(PY) scripts/hls_layers.py --preset $(PRESET) --gate $(GATE) --limit $(LIMIT)
else ifeq ($(HLS),vendor)
	$(PY) scripts/hls.py --preset $(PRESET) --gate $(GATE) --limit $(LIMIT)
else
	@echo "HLS is '$(HLS)', allowed are vendor and bambu." >&2; exit 2
endif

test: lint ## Lint, then run every test (TIMES=fresh|built also keeps the times, by which the next run is ordered)
	$(PY) -m pytest -q -n $(JOBS) --max-worker-restart 0 --dist loadfile --no-loadscope-reorder \
	  --durations=20 --durations-min=1 $(if $(TIMES),--keep-seconds $(TIMES))

long: $(STAMP) ## The tests that `make test` leaves out because they take long: more cases of what it runs some of, and netlists
	$(PY) -m pytest -q -n $(JOBS) --max-worker-restart 0 --dist loadfile --no-loadscope-reorder \
	  --durations=20 --durations-min=1 -m 'long or netlist'

quick: $(STAMP) ## Lint and test what changed, in about a minute
	$(PY) scripts/quick.py --jobs $(JOBS)

lint: $(STAMP) ## ruff for Python, Verilator -Wall and Yosys read_slang for the RTL
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(PY) scripts/lint.py

format: $(STAMP) ## Format the Python sources
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

train: $(STAMP) ## Train GE, LE and GN anew (EMNIST_DIR, USERS_NPZ; otherwise built-in handwriting)
	$(PY) scripts/train.py all

table: $(STAMP) ## The paper's Table 2 on our data, from the integer model
	$(PY) scripts/table2.py $(KEEP)

tables: $(STAMP) ## The paper's Tables 1, 4 and 5 on our data: trains for about 20 minutes, goes on when interrupted
	$(PY) scripts/table1.py $(KEEP)
	$(PY) scripts/table4.py $(KEEP)

speed: $(STAMP) ## Speed of each stage, in images per second
	$(PY) scripts/benchmark.py

bench: $(STAMP) ## This project beside NNgen, hls4ml and da4ml: cycles, multipliers, cells, speed, accuracy on the same images
	$(PY) scripts/bench.py $(KEEP)

synth: $(STAMP) ## Resources on ECP5 by power domain, from open synthesis (PRESET, GATE)
	$(PY) scripts/synth.py --preset $(PRESET) --gate $(GATE)

fpga: $(STAMP) ## Place and route with open tools (PRESET, GATE, BOARD=ulx3s, MODULE=name for one module alone, SEEDS): the device takes a quarter of an hour and more
	$(PY) scripts/fpga.py --preset $(PRESET) --gate $(GATE) $(if $(MODULE),--module '$(MODULE)') $(if $(BOARD),--board '$(BOARD)') \
	  --seeds $(SEEDS) --jobs $(JOBS) $(KEEP)

regs: $(STAMP) ## C header and browsable documentation of the registers
	$(PY) scripts/registers.py

formal: $(STAMP) ## Proofs of the power sequencer, the streams, the mux and the gate
	$(PY) scripts/formal.py

power: $(STAMP) ## The test plan of the power control, with results and coverage
	$(PY) scripts/power.py --jobs $(JOBS)

report: $(STAMP) ## Measure what takes minutes and write everything measured as one page: build/report/report.html
	$(PY) scripts/report.py

clean: ## Remove everything generated (not .venv)
	rm -rf build

SHELL := /bin/bash
