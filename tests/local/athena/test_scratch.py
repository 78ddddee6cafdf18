import pytest


def test_it(ask, catalog, database, s3):
    def p(s, **k):
        a = ask(s, **k)
        print(
            s,
            "->",
            a.state,
            a.reason
            if a.state != "SUCCEEDED"
            else (
                a.rows,
                a.results.get("UpdateCount"),
                a.execution["ResultConfiguration"]["OutputLocation"][-20:],
            ),
            a.execution["Statistics"]["DataScannedInBytes"],
        )
        return a

    p(
        "create table t (id bigint comment 'the id', name string, ts timestamp, d decimal(10,2), n int, tags array<string>, st struct<a:int,b:string>, m map<string,int>, day date, bin binary, f float, ok boolean) partitioned by (month(ts), truncate(2, name), day) location 's3://lake/t' tblproperties ('table_type'='ICEBERG')"
    )
    p(
        "insert into t values (1,'abc',timestamp '2026-01-02 03:04:05', decimal '1.50', 3, array['x'], cast(row(1,'q') as row(a integer, b varchar)), map(array['k'],array[1]), date '2026-01-02', x'0102', cast(1.5 as real), true), (2,null,null,null,null,null,null,null,null,null,null,null)"
    )
    p("insert into t (id, name, f) select id+10, 'zz', f from t")
    p("select * from t order by id")
    p("select id from t where day = date '2026-01-02' and name = 'abc'")
    p("select id from t where id in (1,11)")
    p(
        "create table c with (table_type='ICEBERG', location='s3://lake/c', is_external=false, format='PARQUET', partitioning=ARRAY['name','bucket(id, 3)','day(ts)']) as select id, coalesce(name,'z') name, ts, current_timestamp as at, 1.5 as x, null_if from (select id, name, ts, nullif(id,2) null_if from t)"
    )
    p("select * from c order by 1")
    p("insert into c (name) select 'q'")
    p("select * from c order by name")
    p("insert into c (name) select 1")
    p("create table c with (table_type='ICEBERG', location='s3://lake/c') as select 1 a")
    p("create table e with (table_type='ICEBERG', location='s3://lake/e') as select 1 a where false")
    p("select * from e")
    p("select a.id, b.id from t a join t b on a.id = b.id where a.id = 1")
    snap = catalog.load_table((database, "t")).metadata.snapshots[0].snapshot_id
    p(f"select count(*), max(id) from t for version as of {snap}")
    p("select count(*) from t for timestamp as of (current_timestamp - interval '1' day)")
    p("select count(*) from t for timestamp as of current_timestamp")
    p("select count(*) from t for version as of 5")
    p("select st.a, st.b, tags[1], m['k'], element_at(m,'zz') from t where id=1")
    t = catalog.load_table((database, "t"))
    with t.update_schema() as u:
        u.rename_column("n", "renamed")
        u.add_column("extra", "string" and __import__("pyiceberg.types", fromlist=["x"]).StringType())
    p("select id, renamed, extra from t order by id limit 1")
    p(f"select n from t for version as of {snap} where id = 1")
    p("drop table t")
    assert 0
