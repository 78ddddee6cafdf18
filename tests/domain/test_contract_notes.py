"""What a contract says that Headrace reads in its own way, or keeps without acting on it, is told."""

import pytest

from tests.domain.contracts import ID, LANDING, NOTE, changed, mart_text, notes_on


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            changed("metric: rowCount, mustBeGreaterThan: 0", "metric: freshness, mustBe: 3, name: odd"),
            (
                "16:9: 'odd' is not checked at schema[0].quality[0]; Headrace acts on nullValues, "
                "missingValues, invalidValues, duplicateValues, rowCount, on sql, and on custom with "
                "engine headrace"
            ),
        ),
        (
            changed("metric: rowCount, mustBeGreaterThan: 0", "type: text, description: It was checked"),
            (
                "16:9: 'text' is not checked at schema[0].quality[0]; Headrace acts on nullValues, "
                "missingValues, invalidValues, duplicateValues, rowCount, on sql, and on custom with "
                "engine headrace"
            ),
        ),
        (
            changed("mustBeGreaterThan: 0", "name: some"),
            (
                "16:9: 'some' is not checked at schema[0].quality[0]; it compares with no number: add one of "
                "mustBe, mustNotBe, mustBeGreaterThan, mustBeGreaterOrEqualTo, mustBeLessThan, "
                "mustBeLessOrEqualTo, mustBeBetween, mustNotBeBetween"
            ),
        ),
        (
            changed(NOTE, "{name: x, logicalType: string, logicalTypeOptions: {format: phone}}"),
            (
                "13:69: the format 'phone' is not checked "
                "at schema[0].properties[1].logicalTypeOptions.format; checked are email, hostname, ipv4, "
                "ipv6, uri, uuid, byte; for others write a pattern"
            ),
        ),
        (
            changed(NOTE, "{name: orderID, logicalType: string}"),
            (
                "13:16: 'orderID' cannot name a column at schema[0].properties[1].name; "
                "the column is called order_id"
            ),
        ),
        (
            changed(NOTE, "{name: note, physicalType: varchar(20)}"),
            (
                "13:36: the column has no logicalType at schema[0].properties[1].physicalType; "
                "it is read as string"
            ),
        ),
        (
            changed(NOTE, "{name: x, logicalType: time, logicalTypeOptions: {timezone: true}}"),
            (
                "13:69: timezone is not acted on at schema[0].properties[1].logicalTypeOptions.timezone; "
                "a time is read as it stands"
            ),
        ),
        (
            changed(NOTE, "{name: x, logicalType: array, logicalTypeOptions: {minItems: 1}}"),
            (
                "13:70: minItems is not checked at schema[0].properties[1].logicalTypeOptions.minItems; "
                "say what the list holds: add items"
            ),
        ),
        (
            changed(
                NOTE,
                "{name: x, logicalType: object, properties: [{name: a, logicalType: date, unique: true}]}",
            ),
            (
                "13:90: unique is not checked inside a column "
                "at schema[0].properties[1].properties[0].unique; keys are of whole columns"
            ),
        ),
        (
            changed(NOTE, "{name: x, logicalType: string, unique: true, classification: pii}"),
            (
                "13:9: the key x is compared within a work unit only at schema[0].properties[1]; "
                "the table does not hold x as it was: mask it by hash"
            ),
        ),
        (
            changed(
                NOTE, "{name: x, logicalType: string, classification: pii, relationships: [{to: others.x}]}"
            ),
            (
                "13:82: the values of x are not looked up at schema[0].properties[1].relationships[0].to; "
                "masked values stand in no other table: tokenise both columns"
            ),
        ),
        (
            changed(NOTE, "{name: x, logicalType: string, relationships: [{to: others.x.y}]}"),
            (
                "13:61: 'others.x.y' is not looked up at schema[0].properties[1].relationships[0].to; "
                "write dataset.column, or folder/dataset.odcs.yaml#dataset.column for one of another domain"
            ),
        ),
        (
            changed(f"{LANDING}, format: csv", LANDING.replace('things/"', 'things/*.json"')),
            "8:5: the server has no format at servers[0]; its location says json",
        ),
        (
            changed(NOTE, "{name: x, logicalType: number, physicalType: numeric}"),
            (
                "13:54: 'numeric' has no precision at schema[0].properties[1].physicalType; "
                "the column is decimal(38,9)"
            ),
        ),
        (
            changed(ID, "{name: x, logicalType: integer, physicalType: NUMBER}"),
            (
                "12:55: 'NUMBER' is not understood at schema[0].properties[0].physicalType; "
                "the column is 64 bits"
            ),
        ),
        (
            changed(NOTE, "{name: x, logicalType: array, items: {logicalType: string, required: true}}"),
            (
                "13:78: required is not checked on the items of an array at "
                "schema[0].properties[1].items.required; rules and masks are for columns, and for the "
                "fields of objects"
            ),
        ),
        (
            changed("schema:", "slaProperties: [{property: latency, value: 1, unit: d}]\nschema:"),
            "9:16: service levels are not watched at slaProperties; they are documentation here",
        ),
        (
            changed("  - {" + LANDING, "  - {server: warehouse, type: athena, schema: x}\n  - {" + LANDING),
            "8:31: the server 'warehouse' is not read at servers[0].type; data lands on type: s3",
        ),
        (
            mart_text("SELECT id FROM demo.other", "{name: id, logicalType: integer, required: true}"),
            (
                "9:61: required is not checked in a mart at schema[0].properties[0].required; "
                "write it into the SQL"
            ),
        ),
    ],
)
def test_what_is_kept_but_not_acted_on_is_noted(text: str, note: str) -> None:
    assert notes_on(text) == (note,)
