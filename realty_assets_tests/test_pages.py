"""Pages as files: whole or not at all, and known when they are damaged."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from realty_assets.pages import PageNotWritten, damaged, write_page

PAGE = Path("reports") / "some" / "page.html"


def test_a_page_is_written_with_a_row_that_vouches_for_it(tmp_path: Path) -> None:
    row = write_page(tmp_path, PAGE, "<p>Größe</p>", "realty run all")
    body = "<p>Größe</p>".encode()
    assert (tmp_path / PAGE).read_bytes() == body
    assert row.to_dicts() == [
        {
            "name": "page",
            "path": "reports/some/page.html",
            "sha256": hashlib.sha256(body).hexdigest(),
            "n_bytes": len(body),
        }
    ]
    assert [path.name for path in (tmp_path / PAGE).parent.iterdir()] == ["page.html"]


def test_a_page_that_is_changed_or_gone_is_damaged(tmp_path: Path) -> None:
    row = write_page(tmp_path, PAGE, "one", "realty run all")
    assert damaged(tmp_path, row) == []
    (tmp_path / PAGE).write_text("two")
    assert damaged(tmp_path, row) == ["reports/some/page.html"]
    (tmp_path / PAGE).unlink()
    assert damaged(tmp_path, row) == ["reports/some/page.html"]


def test_a_write_that_fails_leaves_the_old_page_whole(tmp_path: Path) -> None:
    write_page(tmp_path, PAGE, "old", "realty run all")
    (tmp_path / PAGE).with_name("page.html.tmp").mkdir()
    with pytest.raises(PageNotWritten, match=r"page\.html could not be written .*`realty run all`"):
        write_page(tmp_path, PAGE, "new", "realty run all")
    assert (tmp_path / PAGE).read_text() == "old"


def test_a_file_where_the_folder_should_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(PageNotWritten, match="mend its permissions"):
        write_page(tmp_path, PAGE, "page", "realty run all")
