# Every command a contributor needs. CI runs `just rules`, then every test.

# Format, lint, types, import arrows, template and state machine rules, docs, tests but the slow ones.
check: rules
    uv run pytest -m "not slow"

# The same without any tests.
rules: lint types arrows template

# Rewrite files in the project's format.
format:
    uv run ruff format .
    uv run ruff check --fix .

lint:
    uv run ruff format --check .
    uv run ruff check .

types:
    uv run mypy

arrows:
    uv run lint-imports

template:
    uv run cfn-lint template.yaml
    SAM_CLI_TELEMETRY=0 uv run sam validate --lint

test *ARGS:
    uv run pytest {{ARGS}}

# Refine made-up rows under made-up contracts in DuckDB and in Spark; fails where one comes out otherwise.
differential CASES *SEED:
    uv run --group spark python -m tests.differential {{CASES}} {{SEED}}

# Export the layer's pins from uv.lock.
requirements:
    uv export --quiet --frozen --no-dev --no-emit-project --no-annotate --prune rich --output-file layers/dependencies/requirements.txt

# Write the JSON schema that editors check contracts by, contracts/odcs.schema.json.
schema:
    uv run python -m tools.contract_schema

# Build for both processors; print what each function weighs with its layers. Needs python3.13 on the PATH.
sizes:
    uv run python -m tools.sizes

# `sam local invoke` of every function, in containers (docs/sam-local-invoke.md).
docker:
    HEADRACE_TEST_DOCKER=1 uv run pytest -n0 tests/docker

# Headrace beside what people use instead: `just bench refine`, `just bench caps`, `just bench latency`.
bench WHAT *ARGS:
    uv run --group bench python -m benchmarks {{WHAT}} {{ARGS}}

# The crash matrix: every AWS call of a flow killed, throttled, answered late or lost, alone and in company.
crash-matrix *ARGS:
    uv run python -m tests.crash_matrix {{ARGS}}

# Kill workers of a laptop while they work, by the hundred, and look for lost and doubled rows.
sigkill KILLS *ARGS:
    uv run python -m tests.sigkill {{KILLS}} {{ARGS}}

# Land many objects on a laptop and announce each many times, in any order.
soak OBJECTS EVENTS *ARGS:
    uv run python -m tests.soak {{OBJECTS}} {{EVENTS}} {{ARGS}}

# Simulated worlds under seeded faults, a seed each: `just simulate 2000`, `just simulate 1 --start 365`.
simulate SEEDS *ARGS:
    uv run python -m tests.simulation simulate {{SEEDS}} {{ARGS}}

# Wrong variants of the protocol, planted one by one: the simulation must catch them.
plant-bugs *ARGS:
    uv run python -m tests.simulation plant-bugs {{ARGS}}
