"""The commands of `facepay` but for `run` and `demo`; their docstrings are their help. One file for
each family, found by listing this folder: a file has `add(app)`, or a group of its own named `app`.
"""

from __future__ import annotations

import importlib
import pkgutil

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)
for _info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
    _module = importlib.import_module(f"{__name__}.{_info.name}")
    if hasattr(_module, "add"):
        _module.add(app)
    else:
        app.add_typer(_module.app, name=_info.name)
