# port2port. `make run` and `make test` need only python3 (3.11 or newer) with venv, make and git.
PY := .venv/bin/python
PORT ?= 8000
export PORT

.PHONY: run setup dev test test-night check fix bench lock clean

run: setup           ## the demo world on http://localhost:8000 (PORT=8931 moves it)
	@$(PY) -m port2port.project.cli run --demo --port $(PORT)

setup:               ## .venv and the front end, nothing else
	@python3 tools/setup.py

dev:                 ## setup, plus the tools and oracles of the tests
	@python3 tools/setup.py --dev

test: dev            ## the whole suite; it says what it skipped and why
	@$(PY) tools/run_tests.py

test-night: dev      ## the slow tier: long faults, soak, fuzz
	@$(PY) tools/run_tests.py --night

check: dev           ## format, lint, types, house contracts
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PY) -m pytest tests/house -q

fix: dev             ## format, and mend what can be mended
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

bench: dev           ## the table of figures, each against a named peer
	@$(PY) -m bench

lock:                ## pin every dependency with its hashes (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" -q -o requirements-dev.lock requirements-dev.in
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" -q -c requirements-dev.lock -o requirements.lock requirements.in

clean:
	rm -rf .venv node_modules port2port/ui/static/ui/built var
