"""Where the product finds its own files, in a checkout and when installed as a wheel."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
INSTALLED_CONFIGS: Final = Path(__file__).resolve().parent / "configs"  # put there by the wheel


def import_root() -> Path:
    """The folder that holds the packages: the checkout, or site-packages."""
    return ROOT


def checkout() -> Path | None:
    """The checkout this code runs from; None when it was installed as a wheel."""
    return ROOT if (ROOT / "collect.py").is_file() and (ROOT / "configs").is_dir() else None


def config_dir() -> Path:
    """The folder with ``rigs/`` and ``tasks/``."""
    here = checkout()
    return here / "configs" if here else INSTALLED_CONFIGS


def own_rig_path() -> Path:
    """Where ``rig.toml`` is, or will be: beside ``collect.py`` (installed: in the cwd)."""
    return (checkout() or Path.cwd()) / "rig.toml"


def own_rig() -> Path | None:
    """The operator's ``rig.toml``; None: not written yet."""
    path = own_rig_path()
    return path if path.exists() else None


def datasets_dir() -> Path:
    """Where episodes go and are searched by default: ``datasets/`` of the checkout, or the cwd."""
    return (checkout() or Path.cwd()) / "datasets"
