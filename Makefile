PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test check bench schema lock clean

demo: $(READY)                ## the real register of Cuenca and a worked case, pages on loopback
	$(BIN)/twinflow demo

test: $(READY)                ## every test, on SQLite and on a PostgreSQL that the tests start
	$(BIN)/python -m pytest -q

check: $(READY)               ## types, lint and format
	$(BIN)/python -m mypy
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

bench: $(READY)               ## steps per second through the service, beside the same SQL by plain sqlite3
	$(BIN)/python tests/bench/steps.py

$(READY): pyproject.toml requirements.lock
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/uv || { $(PYTHON) -m venv --clear .venv && $(BIN)/python -m pip install -q --disable-pip-version-check uv; }
	$(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

schema: $(READY)              ## workflows/process.schema.json from the models
	$(BIN)/python -c 'import json; from twinflow.definitions.models import schema; print(json.dumps(schema(), indent=2, ensure_ascii=False))' > workflows/process.schema.json

lock: $(READY)                ## newest versions into requirements.lock
	$(BIN)/uv pip compile -q --upgrade --universal --generate-hashes --no-annotate --no-header --group dev pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
