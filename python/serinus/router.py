"""Who goes where: thin, pure, the same answer in every language.

An assignment is a function of the unit's bytes, the rollout's salt and the weight. Nothing is stored, so every instance of a
service agrees without talking. ``vectors()`` holds the published test vectors.

Examples
--------
>>> from serinus import router
>>> router.assign("user-1", "checkout v42", 75)
'canary'
>>> router.Router("checkout v42", percent=75, stage=2).route("user-1").share_percent
75.0
"""

from serinus._native import (
    Assignment,
    Router,
    assign,
    assign_many,
    assign_request,
    assign_three,
    position,
    request_position,
    shadow_position,
    vectors,
)
from serinus._native import _ROUTER_VERSION as VERSION  # pyright: ignore[reportPrivateUsage]

__all__ = [
    "VERSION",
    "Assignment",
    "Router",
    "assign",
    "assign_many",
    "assign_request",
    "assign_three",
    "position",
    "request_position",
    "shadow_position",
    "vectors",
]
