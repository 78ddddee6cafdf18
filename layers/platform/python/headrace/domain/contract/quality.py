"""A contract's quality checks: rules on rows where no row may break them, rules on batches otherwise."""

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain.contract.batch_sql import Scope, measure_sql, predicate_sql, violations_sql
from headrace.domain.contract.bounds import OPERATORS, Bounds, bounds_of, severity_of
from headrace.domain.contract.names import Named
from headrace.domain.contract.queries import problem_in_sql
from headrace.domain.contract.rules import none_of, one_of, pattern
from headrace.domain.contract.source import Findings, Place, did_you_mean, excerpt
from headrace.domain.contract.sql import InvalidSql
from headrace.domain.dataset import DatasetId
from headrace.domain.plan import (
    Array,
    Breaks,
    Check,
    Column,
    DatasetRule,
    Duplicates,
    Json,
    Key,
    Measure,
    Nulls,
    Object,
    RowCount,
    Rule,
    Sql,
    Text,
    Type,
)

METRICS = ("nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount")
_FORMER_METRICS = {
    "duplicateCount": "duplicateValues",
    "validValues": "invalidValues",
    "nullCheck": "nullValues",
}
_VALUES = ("nullValues", "missingValues", "invalidValues")


def metric_of(check: Place) -> str:
    """The library metric of a check, in today's words; empty for checks of another type."""
    if type_of(check) != "library":
        return ""
    named = check.text_of("metric") or check.text_of("rule")
    return _FORMER_METRICS.get(named, named)


def type_of(check: Place) -> str:
    """`library`, `sql`, `custom` or `text`."""
    by_key = {"query": "sql", "metric": "library", "rule": "library", "implementation": "custom"}
    return check.text_of("type") or next((kind for key, kind in by_key.items() if check.get(key)), "text")


def row_checked(field: Place, column: Column, found: Findings) -> Column:
    """The column with the rules that those of its checks make which no row may break."""
    required, rules = column.required, list(column.rules)
    for check in field.items_of("quality"):
        if not of_rows(check):
            continue
        null, more = _value_rules(check, column.type, found)
        required |= null
        rules += (rule for rule in more if rule not in rules)
    return replace(column, required=required, rules=tuple(rules))


def of_rows(check: Place) -> bool:
    """Whether a check of a column says what no row may have."""
    if metric_of(check) not in _VALUES or severity_of(check) != "error":
        return False
    if metric_of(check) == "invalidValues" and not _given(check):
        return False
    bounds = bounds_of(check, Findings(""))
    return bounds is not None and bounds.none_at_all


def not_checked(check: Place, found: Findings, advice: str = "") -> None:
    """Say that a check is kept, and nothing more."""
    named = check.text_of("name") or metric_of(check) or type_of(check)
    known = f"Headrace acts on {', '.join(METRICS)}, on sql, and on custom with engine headrace"
    found.note(check, f"{excerpt(named)} is not checked", advice or known)


class WrittenSql(Struct, frozen=True):
    """A rule that is SQL, and where the contract has it."""

    rule: Check | DatasetRule
    place: Place


class Quality:
    """What the checks of a whole contract come to, beside the rules of its columns."""

    def __init__(
        self, dataset: DatasetId, columns: tuple[tuple[Named, Column], ...], found: Findings
    ) -> None:
        self.rules: list[DatasetRule] = []
        self.checks: list[Check] = []
        self.keys: list[tuple[Key, Place]] = []
        self.sql: list[WrittenSql] = []
        self._columns = {column.name: column for _, column in columns}
        self._names = {
            name.lower(): column.name
            for named, column in columns
            for name in (*named.aliases, named.source, named.field.text_of("name"), column.name)
        }
        self._dataset = dataset
        self._found = found

    def read(self, schema: Place, columns: tuple[tuple[Named, Column], ...]) -> None:
        """Take in the checks of the columns, in their order, then those of the schema object."""
        tables = [schema.text_of(key).lower() for key in ("name", "physicalName")]
        own = frozenset({*filter(None, tables), self._dataset.name, str(self._dataset).replace("/", ".")})
        for named, column in columns:
            scope = Scope(own, self._names, column.name)
            for check in named.field.items_of("quality"):
                if not of_rows(check):
                    self._check(check, scope, column)
        for check in schema.items_of("quality"):
            self._check(check, Scope(own, self._names), None)

    def add(self, rule: DatasetRule) -> DatasetRule:
        """Keep a rule, under a name that no other has; returns it as it is kept."""
        taken = {one.name for one in self.rules}
        numbered = (f"{rule.name}_{number}" for number in range(2, len(taken) + 3))
        name = next((one for one in (rule.name, *numbered) if one not in taken), rule.name)
        self.rules.append(replace(rule, name=name))
        return self.rules[-1]

    def columns_called(self, places: tuple[Place, ...]) -> tuple[str, ...]:
        """The columns that places name, by any of their names; one that is not there is a problem."""
        names = []
        for place in places:
            name = self._names.get(place.text.lower())
            if name is None:
                advice = did_you_mean(
                    place.text, self._columns, f"columns are {', '.join(self._columns)}"[:200]
                )
                self._found.problem(place, f"there is no column {excerpt(place.value)}", advice)
            else:
                names.append(name)
        return tuple(dict.fromkeys(names))

    def _check(self, check: Place, scope: Scope, column: Column | None) -> None:
        bounds = bounds_of(check, self._found)
        match type_of(check):
            case "custom" if check.text_of("engine").lower() == "headrace":
                self._condition(check, scope, bounds)
            case "library" | "sql" if bounds is None:
                not_checked(
                    check, self._found, f"it compares with no number: add one of {', '.join(OPERATORS)}"
                )
            case "library":
                self._library(check, column, bounds or Bounds())
            case "sql":
                self._sql(check, scope, bounds or Bounds())
            case _:
                not_checked(check, self._found)

    def _library(self, check: Place, column: Column | None, bounds: Bounds) -> None:
        metric = metric_of(check)
        measure: Measure | None = None
        if metric == "rowCount":
            measure = RowCount()
        elif metric == "duplicateValues":
            columns = (
                (column.name,)
                if column
                else self.columns_called(check.at("arguments").items_of("properties"))
            )
            if any(isinstance(self._columns[name].type, Array | Json | Object) for name in columns):
                self._found.problem(check, "objects and arrays are not compared", "remove the check")
            elif columns and bounds.none_at_all and severity_of(check) == "error":
                self.keys.append((Key(columns), check))
                return
            measure = Duplicates(columns) if columns else None
        elif column and metric in _VALUES:
            measure = self._values(check, column)
        if measure is None:
            not_checked(check, self._found)
            return
        default = "row_count" if metric == "rowCount" else f"{metric.removesuffix('Values')}_values"
        self.add(bounds.rule(_name(check, f"{column.name}_{default}" if column else default), measure, check))

    def _values(self, check: Place, column: Column) -> Measure | None:
        if metric_of(check) == "invalidValues" and not _given(check):
            return Breaks(column.name, column.rules)
        null, rules = _value_rules(check, column.type, self._found)
        if not rules:
            return Nulls(column.name) if null else None
        return Breaks(column.name, tuple(rules), nulls=null)

    def _sql(self, check: Place, scope: Scope, bounds: Bounds) -> None:
        query = check.get("query")
        if query is None:
            not_checked(check, self._found, "it has no query")
            return
        try:
            sql = measure_sql(query.text, self._published(scope))
        except InvalidSql as error:
            problem_in_sql(query, error, self._found)
            return
        default = f"{scope.column}_sql" if scope.column else "sql"
        self._add_sql(bounds.rule(_name(check, default), Sql(sql), check), query)

    def _condition(self, check: Place, scope: Scope, bounds: Bounds | None) -> None:
        written = check.at("implementation")
        if not isinstance(written.value, str):
            self._found.problem(written, "this is no condition", "write one as text, as in a <= b")
            return
        name = _name(check, f"{scope.column}_check" if scope.column else "check")
        try:
            predicate = predicate_sql(written.text, scope)
            if severity_of(check) == "error" and (bounds is None or bounds.none_at_all):
                self._row_check(check, Check(name, predicate), written)
                return
            sql = measure_sql(violations_sql(predicate), self._published(scope))
        except InvalidSql as error:
            problem_in_sql(written, error, self._found)
            return
        self._add_sql((bounds or Bounds(0, 0)).rule(name, Sql(sql), check), written)

    def _add_sql(self, rule: DatasetRule, written: Place) -> None:
        self.sql.append(WrittenSql(self.add(rule), written))

    def _row_check(self, place: Place, check: Check, written: Place) -> None:
        if any(one.name == check.name for one in self.checks):
            self._found.problem(place, f"two checks are called {check.name}", "give each a name")
        self.checks.append(check)
        self.sql.append(WrittenSql(check, written))

    def _published(self, scope: Scope) -> Scope:
        """The columns that are left when rows are to be published."""
        kept = {name: column for name, column in scope.names.items() if self._columns[column].mask != "drop"}
        return replace(scope, names=kept)


def _given(check: Place) -> bool:
    arguments = check.at("arguments")
    return any(arguments.get(name) for name in ("validValues", "pattern"))


def _value_rules(check: Place, type_: Type, found: Findings) -> tuple[bool, list[Rule]]:
    """Whether a check is about rows without a value, and the rules that the values which it counts break."""
    arguments = check.at("arguments")
    match metric_of(check):
        case "nullValues":
            return True, []
        case "missingValues":
            listed = arguments.items_of("missingValues")
            missing = none_of(tuple(place for place in listed if place.value is not None), type_)
            return not listed or any(place.value is None for place in listed), [missing] if missing else []
        case _:
            return False, _valid_values(arguments, type_, found)


def _valid_values(arguments: Place, type_: Type, found: Findings) -> list[Rule]:
    rules: list[Rule | None] = []
    valid = arguments.get("validValues")
    if valid:
        values = tuple(place for place in valid.items if place.value is not None)
        rules.append(one_of(valid, values, type_, found))
    if arguments.get("pattern"):
        if not isinstance(type_, Text):
            found.problem(arguments.at("pattern"), "a pattern is for text", "remove it")
        rules.append(pattern(arguments, found))
    return [rule for rule in rules if rule]


def _name(check: Place, default: str) -> str:
    return check.text_of("name") or check.text_of("id") or default
