# SPDX-License-Identifier: GPL-3.0-or-later
"""What preflight found: plain dictionaries, as plugins/submit/SCENE.md lists them."""

ERROR, WARNING, NOTE = "error", "warning", "note"


def finding(level, code, text, fix="", file="", user=""):
    """One finding. `text` names the thing, `fix` the next step, both for people."""
    made = {"level": level, "code": code, "text": text}
    for key, value in (("fix", fix), ("file", file), ("user", user)):
        if value:
            made[key] = value
    return made


def worst(findings):
    """The most severe level among the findings, or "" for none."""
    levels = {found["level"] for found in findings}
    for level in (ERROR, WARNING, NOTE):
        if level in levels:
            return level
    return ""
