"""The one base of errors that a user can act on: the CLI prints them as a single sentence."""

from __future__ import annotations


class RealtyError(Exception):
    """Says what is wrong, where, and what to do about it, in one sentence."""


def if_disk_full(*told: str) -> str | None:
    """The sentence for a disk that is full when one of the messages `told` says so, else None."""
    if any(word in one for one in told for word in ("No space left", "disk is full")):
        return f"The disk is full ({told[0]}): free some space and run the same command again."
    return None
