"""Where a submission can stand (plugins/submit/phase.go)."""

# Nothing more will happen by itself.
ENDED = frozenset({"settled", "checked", "rejected", "cancelled", "failed"})
# Every frame is here, or none will come any more.
REACHED = ENDED | {"delivered", "accepted"}
