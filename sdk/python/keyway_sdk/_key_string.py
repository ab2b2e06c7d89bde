"""Key strings of the default profile, made at run time: `kw_{env}_{id:12}_{secret:40}{check:6}`."""

from __future__ import annotations

import re
import secrets
import zlib

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_CHARS = 12
_SECRET_CHARS = 40
_CHECK_CHARS = 6
_SHAPE = re.compile(r"kw_[a-z0-9]+_[0-9A-Za-z]{12}_[0-9A-Za-z]{46}")


def make_test_key(environment: str = "test") -> str:
    """A string that has the right shape and that no server knows."""
    start = f"kw_{environment}_{_draw(_ID_CHARS)}_{_draw(_SECRET_CHARS)}"
    return start + checksum(start)


def is_well_formed(unverified: str) -> bool:
    has_shape = _SHAPE.fullmatch(unverified) is not None
    return has_shape and unverified[-_CHECK_CHARS:] == checksum(unverified[:-_CHECK_CHARS])


def checksum(text: str) -> str:
    """The CRC-32 (IEEE) in base62, padded to six characters."""
    rest = zlib.crc32(text.encode())
    digits = ""
    for _ in range(_CHECK_CHARS):
        rest, digit = divmod(rest, 62)
        digits = _DIGITS[digit] + digits
    return digits


def _draw(count: int) -> str:
    return "".join(secrets.choice(_DIGITS) for _ in range(count))
