"""Plans that together have each type, rule and mask, whose Trino renderings are kept as golden files.

`python -m tests.engines.trino_plans` writes the files anew.
"""

from pathlib import Path

from headrace.domain.formats import Csv, Ndjson
from headrace.domain.plan import (
    Array,
    Boolean,
    Check,
    Column,
    Date,
    Decimal,
    Double,
    Fields,
    Integer,
    Items,
    Json,
    Key,
    Length,
    MultipleOf,
    NoneOf,
    Object,
    OneOf,
    Pattern,
    Plan,
    Range,
    Text,
    Time,
    Timestamp,
)
from headrace.domain.zones import TableRef
from headrace.engines.trino.rows import judged, violations
from tests.engines.unit import plan

GOLDEN = Path(__file__).parent / "golden" / "trino"
TEXTS, CURATED = TableRef("lake", "texts"), TableRef("lake", "mills")

NUMBERS = plan(
    Column("id", "ID", Integer(), required=True, rules=(Range("1", None), OneOf(("1", "2", "3", "40")))),
    Column("wheels", "Wheels", Integer(32), rules=(NoneOf(("-1",)), MultipleOf("2"))),
    Column("price", "Price", Decimal(10, 2), rules=(Range("0", "99.995", False, True), MultipleOf("0.05"))),
    Column("flow", "Flow", Double(), rules=(Range("-1.5", "1e3"),)),
    Column("open", "Open", Boolean(("yes", "1"), ("no", "0"))),
    formats=(Csv(),),
    keys=(Key(("id",)), Key(("wheels", "price"), "primary_key")),
    checks=(Check("paid", "price > 0 OR NOT open"),),
)
TEXT = plan(
    Column("name", "Name", Text(), required=True, rules=(Pattern(r"(?i)mill\s\w+\.?"), Length(3, 20))),
    Column("code", "Code", Text(), rules=(OneOf(("a", "b'c")), NoneOf(("n/a",)))),
    Column("email", "Email", Text(), mask="hash"),
    Column("owner", "Owner", Text(), mask="tokenise"),
    Column("phone", "Phone", Text(), rules=(Length(None, 12),), mask="partial"),
    Column("card", "Card", Text(), mask="redact"),
    Column("town", "Town", Text(), mask="truncate"),
    Column("note", "Note", Text(), mask="drop"),
    formats=(Csv(),),
    evolution="freeze",
)
MOMENTS = plan(
    Column("built", "Built", Date(), rules=(Range("1800-01-01", "2100-01-01"),)),
    Column("sold", "Sold", Date("%d %B %Y")),
    Column("rebuilt", "Rebuilt", Date("%y%j")),
    Column("opens", "Opens", Time(), rules=(Range("06:00", None),)),
    Column("closes", "Closes", Time("%I:%M %p")),
    Column("seen", "Seen", Timestamp(), rules=(Range("2000-01-01T00:00:00", None, True),)),
    Column("local", "Local", Timestamp(timezone="Europe/Paris")),
    Column("logged", "Logged", Timestamp("%d/%b/%Y:%H:%M:%S %z"), mask="truncate"),
    Column("read", "Read", Timestamp("%Y-%m-%d %H:%M:%S.%f"), mask="hash"),
    formats=(Csv(),),
)
NESTED = plan(
    Column("tags", "Tags", Array(Text()), rules=(Items(1, 3, True),)),
    Column(
        "mill",
        "Mill",
        Object(
            (
                Column("name", "Name", Text(), required=True, rules=(Pattern("[A-Z].*"),)),
                Column("stones", "Stones", Array(Decimal(6, 2))),
                Column("miller", "Miller", Text(), mask="partial"),
            )
        ),
    ),
    Column("more", "More", Json(), rules=(Fields(1, 2),)),
    formats=(Ndjson(),),
)
PLANS: dict[str, Plan] = {"numbers": NUMBERS, "text": TEXT, "moments": MOMENTS, "nested": NESTED}


def renderings() -> dict[str, str]:
    """The golden files' contents by name."""
    rendered = {}
    for name, the_plan in PLANS.items():
        rendered[f"{name}.judged.sql"] = judged(the_plan, TEXTS) + "\n"
        rendered[f"{name}.violations.sql"] = violations(the_plan, CURATED) + "\n"
    return rendered


if __name__ == "__main__":
    for name, sql in renderings().items():
        (GOLDEN / name).write_text(sql, newline="")
