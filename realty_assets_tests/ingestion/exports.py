"""Small HAR exports for tests, written by hand so that no code under test is used."""

from __future__ import annotations

import csv
import io
from pathlib import Path

# A mapping of exports with four columns.
MAPPING = """\
name: mine
version: 1
delivery: daily
time_zone: UTC
recognised_by: [Id, Price]
known_at: [{end_of_day: close_date}]
columns:
  Id: {to: listing_key}
  Price: {to: close_price, as: money}
  Size: {to: living_area, as: number}
  Day: {to: close_date, as: date, formats: ["%Y-%m-%d"]}
"""


def sale(number: int, **cells: str) -> dict[str, str]:
    """A sold home without fault; `cells` by heading, spaces as underscores, replace some."""
    price = 300_000 + 1_000 * (number % 50)
    area = 2_000 + 10 * (number % 40)
    row = {
        "MLS Number": str(10_000_000 + number),
        "Property Type": "Single-Family",
        "Status": "Sold",
        "List Price": f"${price:,}",
        "Original List Price": f"${price:,}",
        "Current Price": f"${price - 5_000:,}",
        "Close Price": f"${price - 5_000:,}",
        "List Date": "5/1/2021 12:00:00 AM",
        "Close Date": "6/15/2021 12:00:00 AM",
        "Last Change Timestamp": "6/15/2021 4:24:59 PM",
        "DOM": "12",
        "CDOM": "12",
        "Address": f"{100 + number} Sage Maple Lane",
        "City/Location": "Katy",
        "State Or Province": "Texas",
        "County": "Harris",
        "Zip Code": "77449",
        "Subdivision": "Cypress Bend",
        "Area": "25",
        "Market Area": "Katy - North",
        "Latitude": f"{29.8 + number % 100 / 1000:.6f}",
        "Longitude": f"{-95.7 - number % 100 / 1000:.6f}",
        "Building SqFt": str(area),
        "Price Sq Ft List": f"${price / area:.2f}",
        "Price Sq Ft Sold": f"${(price - 5_000) / area:.2f}",
        "Lot Size": "8712",
        "Acres": "0.200",
        "Year Built": "1998",
        "Bedrooms": "4",
        "Baths Full": "2",
        "Baths Half": "1",
        "Stories": "2",
        "Pool Private": "No",
        "Tax Year": "2020",
        "Tax Amount": "$8,127",
        "List Agent Full Name": "Sample Agent 38",
        "Public Remarks": "Corner lot near the trail, roof replaced.",
    }
    for heading, cell in cells.items():
        name = heading.replace("_", " ")
        if name not in row:
            raise KeyError(name)
        row[name] = cell
    return row


HEADINGS = tuple(sale(0))


def export(rows: list[dict[str, str]], *, end: str = "\r\n") -> bytes:
    """The bytes of an export with these rows."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=end)
    writer.writerow(HEADINGS)
    writer.writerows([row[heading] for heading in HEADINGS] for row in rows)
    return out.getvalue().encode("utf-8")


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    """Writes an export; makes its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(export(rows))
    return path
