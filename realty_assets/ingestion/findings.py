"""Which record broke which rule, collected while a file is read."""

from __future__ import annotations

import polars as pl

from realty_assets.ingestion.rules import RULES, severities

PLACE_RULES = ("geo.far", "geo.swapped")
# Found when a chunk is read: these flags stand in its typed rows already.
_SCHEMA = {
    "record_number": pl.Int64,
    "rule_id": pl.String,
    "detail": pl.String,
    "early": pl.Boolean,
}


class Findings:
    """Rules broken in one file, by record number."""

    def __init__(self) -> None:
        self.parts: list[pl.DataFrame] = []

    def add(
        self, rule_id: str, numbers: pl.Series, detail: str | None = None, early: bool = False
    ) -> None:
        """Rows `numbers` broke `rule_id`; `early`: while their chunk was read."""
        if rule_id not in RULES:
            raise KeyError(f"no such rule: {rule_id}")
        self.parts.append(
            pl.DataFrame(
                {"record_number": numbers.cast(pl.Int64)},
                schema={"record_number": pl.Int64},
            ).with_columns(
                pl.lit(rule_id).alias("rule_id"),
                pl.lit(detail, dtype=pl.String).alias("detail"),
                pl.lit(early).alias("early"),
            )
        )

    def frame(self) -> pl.DataFrame:
        """(record_number, rule_id, detail, early, severity, rule_version)."""
        found = pl.concat(self.parts) if self.parts else pl.DataFrame(schema=_SCHEMA)
        return found.join(severities(found["rule_id"].unique().to_list()), on="rule_id")

    def errors(self) -> pl.Series:
        """Record numbers that are to be quarantined, ascending."""
        found = self.frame().filter(pl.col("severity") == "error")
        return found["record_number"].unique().sort()

    def told(self, numbers: pl.Series) -> pl.DataFrame:
        """(record_number, rule_ids, rule_versions, detail) of the given records."""
        return (
            self.frame()
            .filter(pl.col("record_number").is_in(numbers.implode()))
            .unique(["record_number", "rule_id", "detail"])
            .sort("record_number", "rule_id", "detail")
            .group_by("record_number", "rule_id", "rule_version", maintain_order=True)
            .agg(pl.col("detail").drop_nulls().str.join(", "))
            .group_by("record_number", maintain_order=True)
            .agg(
                pl.col("rule_id").alias("rule_ids"),
                pl.col("rule_version").alias("rule_versions"),
                pl.concat_str(
                    pl.col("rule_id").replace_strict(
                        {rule.id: rule.sentence for rule in RULES.values()},
                        return_dtype=pl.String,
                    ),
                    pl.when(pl.col("detail") != "").then(
                        pl.concat_str(pl.lit("("), "detail", pl.lit(")"))
                    ),
                    separator=" ",
                    ignore_nulls=True,
                )
                .str.join(" ")
                .alias("detail"),
            )
        )

    def late(self, errors: pl.Series) -> pl.DataFrame:
        """(record_number, blank_place, flags) of staged rows that the whole file told upon."""
        found = self.frame().filter(
            ~pl.col("early"), ~pl.col("record_number").is_in(errors.implode())
        )
        return (
            found.sort("record_number", "rule_id")
            .group_by("record_number", maintain_order=True)
            .agg(
                pl.col("rule_id").is_in(PLACE_RULES).any().alias("blank_place"),
                pl.col("rule_id").unique(maintain_order=True).alias("flags"),
            )
        )

    def most_frequent(self) -> str:
        """The error rule that most rows break."""
        counts = (
            self.frame()
            .filter(pl.col("severity") == "error")
            .group_by("rule_id")
            .len()
            .sort(["len", "rule_id"], descending=[True, False])
        )
        return str(counts["rule_id"][0]) if counts.height else ""
