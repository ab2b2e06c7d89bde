"""When a call is made again, and after how long. Only where that cannot do anything twice."""

from __future__ import annotations

import random

from ._call import Answer, retry_after_seconds
from .errors import Unreachable

FIRST_PAUSE_SECONDS = 0.05
GATEWAY_STATUSES = (502, 503, 504)


def pause_seconds(outcome: Answer | Unreachable, attempt: int, is_safe: bool) -> float | None:
    """How long to wait before the next attempt; None: there is none."""
    # Half of it at random, so that the callers of one outage do not come back together.
    backoff = FIRST_PAUSE_SECONDS * 2**attempt * (0.5 + random.random() / 2)
    if isinstance(outcome, Unreachable):
        return backoff if is_safe else None
    asked = retry_after_seconds(outcome.headers)
    if outcome.status == 503 and asked is not None:
        # With Retry-After nothing was done, unless the server says that it does not know.
        is_known = b'"outcome_unknown"' not in outcome.content
        return asked if is_safe or is_known else None
    # The first attempt is still being worked on.
    is_under_way = outcome.status == 409 and b'"idempotency_in_progress"' in outcome.content
    is_worth_it = is_under_way or outcome.status in GATEWAY_STATUSES
    return backoff if is_safe and is_worth_it else None
