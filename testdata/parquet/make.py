"""Writes the same table as CSV and, with pyarrow and polars, as Parquet: `python make.py < names`."""

import csv
import datetime
import sys

import polars
import pyarrow as pa
import pyarrow.parquet as pq

names = [line.split("\t")[0].strip().title() for line in sys.stdin if line.strip()][:150]
rows = range(len(names))
table = pa.table({
    "id": pa.array(rows, pa.int32()),
    "first_name": pa.array([name if row % 11 else None for row, name in enumerate(names)]),
    "gender": pa.array([["f", "m", None][row % 3] for row in rows]).dictionary_encode(),
    "births": pa.array([row * 37 % 101 + 1 for row in rows], pa.uint64()),
    "alive": pa.array([row % 4 > 0 for row in rows]),
    "share": pa.array([row / 4 if row % 5 else None for row in rows]),
    "tags": pa.array([["a", "b"]] * len(names)),
    "born": pa.array([datetime.date(1990, 1, 1)] * len(names)),
})

flat = table.drop(["tags", "born"])
with open("people.csv", "w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(flat.column_names)
    text = lambda x: "" if x is None else str(x).lower() if isinstance(x, bool) else str(x)
    writer.writerows([[text(x) for x in row.values()] for row in flat.to_pylist()])

pq.write_table(table, "arrow-zstd.parquet", compression="zstd", row_group_size=60)
pq.write_table(table, "arrow-gzip.parquet", compression="gzip", data_page_version="2.0")
pq.write_table(table, "arrow-brotli.parquet", compression="brotli")
views = table.set_column(1, "first_name", table["first_name"].cast(pa.string_view()))
pq.write_table(views, "arrow-snappy.parquet", use_dictionary=False, data_page_size=200)
pq.write_table(table.select(["first_name"]), "arrow-single.parquet")
pq.write_table(table.slice(0, 0), "arrow-empty.parquet")
delta = {"first_name": "DELTA_BYTE_ARRAY"}
pq.write_table(
    table.select(["first_name"]), "arrow-delta.parquet", use_dictionary=False, column_encoding=delta
)
weights = polars.from_arrow(table).with_columns(polars.col("births").cast(polars.Float64))
weights.write_parquet("polars-zstd.parquet")
