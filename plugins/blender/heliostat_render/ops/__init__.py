# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's operators, one file each."""

from . import accept_frames, accept_quote, cancel, connect, preflight, reject_quote, retry, show_frame, submit

_ALL = (connect, preflight, submit, accept_quote, reject_quote, cancel, accept_frames, retry, show_frame)


def register():
    for part in _ALL:
        part.register()


def unregister():
    for part in reversed(_ALL):
        part.unregister()
