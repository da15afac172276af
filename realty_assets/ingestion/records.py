"""Records of a delimited file, found before any parser sees it.

The splitter gives every record its bytes, its physical line and its number of fields, so that a
malformed record can be cut out and kept as it came, and so that what the parser returns can be
held against a count made without it.

Quoting is read as RFC 4180 and Python's csv module read it. A window of bytes in which every quote
mark stands where it may stand is split by array arithmetic; one with a stray mark is read record
by record, and a record that swallowed the lines after it is cut at its first physical line from
which a whole record can be read again.
"""

from __future__ import annotations

import re

import numpy as np

from realty_assets.ingestion.record_parts import Careful, Part, Split, join

WINDOW_BYTES = 2 << 20
# A record that is still open after so much is taken for one with a stray quote mark.
OPEN_LIMIT_BYTES = 1 << 20
_LF, _CR, _QUOTE = 10, 13, 34


class Splitter:
    """Splits the bytes of one file, stretch by stretch."""

    def __init__(self, delimiter: str, n_fields: int) -> None:
        """`n_fields`: what a whole record has; 0 when not known yet (no recovery then)."""
        self.delimiter = ord(delimiter)
        self.n_fields = n_fields
        mark = re.escape(delimiter.encode())
        cell = rb'(?:"(?:[^"]|"")*+"[^%b\n]*+|[^%b\n"][^%b\n]*+|)' % (mark, mark, mark)
        self.record = re.compile(rb"%b(?:%b%b)*+(?:\n|\Z)" % (cell, mark, cell))
        # Groups: inside of a quoted cell, what follows its closing mark, an unquoted cell.
        self.cell = re.compile(
            rb'(?:"((?:[^"]|"")*+)(?:"([^%b]*+)|\Z)|([^%b]*+))(%b|\Z)' % (mark, mark, mark)
        )

    def split(self, data: bytes, first_line: int, final: bool) -> Split:
        """The records of `data`, whose first byte stands on physical line `first_line`.

        When not `final`, what follows the last whole record is left unused.
        """
        parts: list[Part] = []
        at, line = 0, first_line
        size = len(data)
        while at < size:
            end = min(at + WINDOW_BYTES, size)
            part = self._window(data, at, end, line, final and end == size)
            if part.used == 0 and end < size:
                # One record is longer than the window.
                end = min(max(2 * (end - at), WINDOW_BYTES) + at, size)
                while part.used == 0:
                    part = self._window(data, at, end, line, final and end == size)
                    if end == size:
                        break
                    end = min(at + 2 * (end - at), size)
            if part.used == 0:
                break
            parts.append(part)
            at += part.used
            line += part.lines_used
        return join(parts, at, line - first_line)

    def _window(self, data: bytes, at: int, end: int, line: int, final: bool) -> Part:
        view = np.frombuffer(data, np.uint8, end - at, at)
        quotes = np.flatnonzero(view == _QUOTE)
        breaks = np.flatnonzero(view == _LF)
        marks = np.flatnonzero(view == self.delimiter)
        clean = self._first_stray(view, quotes, final)
        # Line ends outside quotes: an even number of quote marks stands before them.
        before = np.searchsorted(quotes, breaks)
        ends = breaks[(before & 1) == 0] + 1
        if final and (not ends.size or ends[-1] < view.size) and quotes.size % 2 == 0:
            ends = np.append(ends, view.size)
        ends = ends[ends <= clean]
        starts = np.concatenate(([0], ends[:-1])) if ends.size else ends
        fields = self._count_fields(view, quotes, marks, starts, ends)
        first_break = np.searchsorted(breaks, starts)
        lines = first_break + line
        done = int(ends[-1]) if ends.size else 0
        # A record of several lines with a wrong count may have swallowed its neighbours.
        spans = np.searchsorted(breaks, ends) - first_break
        doubtful = np.flatnonzero((spans > 1) & (fields != self.n_fields) & (fields > 0))
        if doubtful.size and self.n_fields:
            keep = int(doubtful[0])
            starts, ends, fields, lines = starts[:keep], ends[:keep], fields[:keep], lines[:keep]
            done = int(ends[-1]) if keep else 0
            stray = True
        else:
            stray = clean < view.size
        part = Part(starts + at, ends + at, fields, lines, np.ones(ends.size, bool))
        part.used = done
        part.lines_used = int(np.searchsorted(breaks, done))
        unfinished = view.size - done
        if stray or (final and unfinished) or unfinished > OPEN_LIMIT_BYTES:
            self._carefully(data, at + done, end, line + part.lines_used, final, part)
        return part

    def _first_stray(self, view: np.ndarray, quotes: np.ndarray, final: bool) -> int:
        """Offset of the first quote mark that stands where none may stand; the size without one."""
        size = view.size
        opening, closing = quotes[0::2], quotes[1::2]
        before = view[np.maximum(opening - 1, 0)]
        fine = (opening == 0) | (before == self.delimiter) | (before == _LF) | (before == _QUOTE)
        stray = size if fine.all() else int(opening[np.argmin(fine)])
        after = view[np.minimum(closing + 1, size - 1)]
        fine = (
            (after == self.delimiter)
            | (after == _LF)
            | (after == _QUOTE)
            | (after == _CR)
            | (closing == size - 1)
        )
        if not fine.all():
            stray = min(stray, int(closing[np.argmin(fine)]))
        if final and quotes.size % 2 == 1:
            stray = min(stray, int(quotes[-1]))
        return stray

    @staticmethod
    def _count_fields(
        view: np.ndarray,
        quotes: np.ndarray,
        marks: np.ndarray,
        starts: np.ndarray,
        ends: np.ndarray,
    ) -> np.ndarray:
        """Fields per record: delimiters outside quotes, plus one; 0 for a blank line."""
        if not ends.size:
            return np.zeros(0, np.int64)
        pairs = quotes[: quotes.size - quotes.size % 2]
        inside = np.searchsorted(marks, pairs)
        hidden = np.concatenate(([0], np.cumsum(inside[1::2] - inside[0::2])))
        edges = np.concatenate((starts[:1], ends))
        all_marks = np.diff(np.searchsorted(marks, edges))
        hidden_marks = np.diff(hidden[np.searchsorted(pairs[0::2], edges)])
        fields = all_marks - hidden_marks + 1
        length = ends - starts
        first = view[starts]
        blank = (length == 0) | ((length == 1) & (first == _LF))
        blank |= (first == _CR) & ((length == 1) | ((length == 2) & (view[ends - 1] == _LF)))
        fields[blank] = 0
        return fields

    def _carefully(
        self, data: bytes, at: int, end: int, line: int, final: bool, part: Part
    ) -> None:
        """Adds the records of data[at:end] to `part`, one at a time."""
        found = Careful(part)
        while at < end:
            match = self.record.match(data, at, end)
            whole = match is not None and (match.end() < end or final or _ends_line(data, end))
            if match is not None and match.end() == at:
                break
            if not whole or match is None:
                if not final and end - at <= OPEN_LIMIT_BYTES:
                    break
                # Open to the end: either cut off, or a stray mark opened a quote.
                cut = self._resume(data, at, end) if self.n_fields else None
                if cut is None and not final:
                    break
                stop = cut if cut is not None else end
                found.add(at, stop, self._rough_count(data[at:stop]), line, closed=False)
            else:
                stop = match.end()
                text = data[at:stop]
                fields, clean, fitted = self._fields(text)
                several = text.rstrip(b"\r\n").count(b"\n") > 0
                if several and self.n_fields and (fields != self.n_fields or not clean):
                    cut = self._resume(data, at, stop)
                    if cut is not None:
                        stop, fitted = cut, None
                        fields = self._rough_count(data[at:stop])
                        # Never the right number: its quoting is broken.
                        fields = -1 if fields == self.n_fields else fields
                found.add(at, stop, fields, line, fitted=fitted)
            line += data.count(b"\n", at, stop)
            at = stop
        found.close(at, line)

    def _resume(self, data: bytes, at: int, end: int) -> int | None:
        """The first later line start from which a whole, clean record can be read."""
        line_start = data.find(b"\n", at, end) + 1
        while 0 < line_start < end:
            match = self.record.match(data, line_start, end)
            if match is not None and match.end() > line_start:
                fields, clean, _ = self._fields(match.group())
                if clean and fields == self.n_fields:
                    return line_start
            line_start = data.find(b"\n", line_start, end) + 1
        return None

    def _fields(self, record: bytes) -> tuple[int, bool, bytes | None]:
        """(fields, every quote mark in place, the record written cleanly when not)."""
        body = record.rstrip(b"\r\n")
        if not body:
            return 0, True, None
        if b'"' not in body:
            return body.count(self.delimiter) + 1, True, None
        view = np.frombuffer(body, np.uint8)
        quotes = np.flatnonzero(view == _QUOTE)
        clean = quotes.size % 2 == 0 and self._first_stray(view, quotes, True) == view.size
        cells = self.cells(body)
        if clean:
            return len(cells), True, None
        written = [
            b'"' + cell.replace(b'"', b'""') + b'"' if self._needs_quotes(cell) else cell
            for cell in cells
        ]
        return len(cells), False, bytes([self.delimiter]).join(written) + b"\n"

    def _needs_quotes(self, cell: bytes) -> bool:
        return any(mark in cell for mark in (b'"', b"\n", b"\r", bytes([self.delimiter])))

    def _rough_count(self, record: bytes) -> int:
        return len(self.cells(record.rstrip(b"\r\n")))

    def cells(self, body: bytes) -> list[bytes]:
        """The cells of one record as Python's csv module reads them, an open quote to the end."""
        cells = []
        at = 0
        while True:
            match = self.cell.match(body, at)
            assert match is not None, "every byte string begins with a cell"
            inside, tail, bare, mark = match.groups()
            if inside is not None:
                cells.append(inside.replace(b'""', b'"') + (tail or b""))
            else:
                cells.append(bare)
            if not mark:
                return cells
            at = match.end()


class UnquotedSplitter(Splitter):
    """Splits a file in which a quote mark is a character like any other: a line is a record."""

    def split(self, data: bytes, first_line: int, final: bool) -> Split:
        """As `Splitter.split`; no record is ever open."""
        view = np.frombuffer(data, np.uint8)
        ends = np.flatnonzero(view == _LF) + 1
        n_breaks = ends.size
        if final and view.size and (not ends.size or ends[-1] < view.size):
            ends = np.append(ends, view.size)
        starts = np.concatenate(([0], ends[:-1])).astype(np.int64) if ends.size else ends
        marks = np.flatnonzero(view == self.delimiter)
        none = np.zeros(0, np.int64)
        fields = self._count_fields(view, none, marks, starts, ends)
        lines = first_line + np.arange(ends.size)
        used = int(ends[-1]) if ends.size else 0
        return Split(starts, ends, fields, lines, np.ones(ends.size, bool), {}, used, n_breaks)

    def cells(self, body: bytes) -> list[bytes]:
        """The cells of one record."""
        return body.split(bytes([self.delimiter]))


def _ends_line(data: bytes, end: int) -> bool:
    return data[end - 1 : end] == b"\n"
