PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PEERS := .venv/peers/.ready
unexport PYTHONDONTWRITEBYTECODE # without kept bytecode every process compiles all that it imports anew

LONG := $(addprefix tests/, deep definitions/test_hostile_files.py integration/test_downtime.py mail/test_killed_mailers.py acceptance/test_benches.py acceptance/test_a_short_soak.py \
	mail/test_headers.py::test_any_name_on_earth_stands_in_to_as_it_is_in_one_line \
	mail/test_headers.py::test_any_reference_on_earth_stands_in_the_subject_as_it_is_in_one_line \
	integration/test_foretold.py::test_a_random_process_goes_on_as_foretold \
	integration/test_foretold.py::test_mornings_on_which_nothing_wakes_change_nothing \
	integration/test_late_news.py::test_whatever_is_announced_what_is_open_is_as_from_scratch_and_what_is_closed_as_it_was \
	integration/test_migration.py::test_no_level_is_told_again_under_any_policy_and_any_ladder \
	integration/test_migration.py::test_killed_in_the_middle_several_times_it_goes_on_where_it_stopped \
	acceptance/test_demo.py::test_on_any_day_something_is_due_soon_something_is_overdue_and_both_are_in_the_inbox)

.PHONY: demo test test-deep test-mta mutants mutants-sample check bench soak schema shape lock clean

demo: $(READY)                ## the real register of Cuenca and a worked case, pages on loopback
	$(BIN)/twinflow demo

test: $(READY)                ## every test, on SQLite and on a PostgreSQL that the tests start
	$(BIN)/python -m pytest -q --numprocesses auto --maxprocesses 4 --dist worksteal

test-deep: DEEP ?= 100
test-deep: DEEP_SEED ?= $(shell date +%s)
test-deep: $(READY)           ## over a million random cases against independent calculators, and every time zone; other ones each time; DEEP=10 for a tenth
	DEEP=$(DEEP) DEEP_SEED=$(DEEP_SEED) $(BIN)/python -m pytest -q -n 2 --dist worksteal --timeout 3000 $(LONG)
	test "$(EACH)" = 0 || $(MAKE) mutants-sample

test-mta: $(READY)            ## mail through a real Postfix on loopback, installed where it is missing (Debian, as root)
	tests/mta/install
	$(BIN)/python -m pytest -q tests/mta/through_postfix.py

mutants: $(READY)             ## changes each line that decides and sees whether a test fails (hours)
	rm -rf mutants
	$(BIN)/python tests/mutants.py

mutants-sample: EACH ?= 12
mutants-sample: SEED ?= 1992
mutants-sample: $(READY)      ## the same for some mutants of each part, always the same ones for a seed
	rm -rf mutants
	$(BIN)/python tests/mutants.py --each $(EACH) --seed $(SEED)

check: $(READY)               ## types, lint and format
	$(BIN)/python -m mypy
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

bench: $(READY) $(PEERS)      ## one table of speeds beside peers, each with its bar (about twenty minutes); ONLY="steps mail" for some, SHORT=1 for a try
	PYTHONPATH=tests $(BIN)/python -m bench $(if $(SHORT),--short) $(ONLY)

soak: CASES ?= 200
soak: DAYS ?= 365
soak: DATABASE ?= sqlite
soak: SEED ?= 1992
soak: $(READY)                ## a simulated year of cases of all shipped processes with everything going wrong; DATABASE=postgresql, DAYS=30 for a try
	PYTHONPATH=tests $(BIN)/python -m soak --cases $(CASES) --days $(DAYS) --database $(DATABASE) --seed $(SEED)

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/uv || { echo "Making .venv with $$($(PYTHON) --version)" && $(PYTHON) -m venv --clear .venv && \
		$(BIN)/python -m pip install -qq --disable-pip-version-check uv; }
	@echo "Installing and compiling the packages of requirements.lock"
	@$(BIN)/uv pip sync -q --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	@echo "Installing and compiling twinflow from src"
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q src
	@touch $@

$(PEERS): tests/bench/peers.lock $(READY)
	@echo "Installing the peers of the bench, apart from ours"
	@$(BIN)/uv venv -q --clear --python $(BIN)/python $(dir $@)
	@$(BIN)/uv pip sync -q --compile-bytecode --python $(dir $@)bin/python --require-hashes tests/bench/peers.lock
	@touch $@

schema: $(READY)              ## workflows/process.schema.json from the models
	$(BIN)/python -c 'import json; from twinflow.definitions.models import schema; print(json.dumps(schema(), indent=2, ensure_ascii=False))' > workflows/process.schema.json

shape: $(READY)               ## src/twinflow/storage/shape.json: what a database made new holds beside its rows
	PYTHONPATH=tests $(BIN)/python tests/books/made_new.py

lock: $(READY)                ## newest versions into requirements.lock and those of the bench's peers
	$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-annotate --no-header --group dev --extra passkeys pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-annotate --no-header tests/bench/peers.in -o tests/bench/peers.lock

clean:
	rm -rf mutants .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
