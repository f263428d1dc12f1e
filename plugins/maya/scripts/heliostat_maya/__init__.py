"""Heliostat for Maya: renders the open scene on a Heliostat network.

Thin on purpose: collecting is here, everything else is in the heliostat package.
"""

from .collect import describe
from .shelf import install_shelf
from .window import show

__all__ = ["describe", "install_shelf", "show"]
