"""The episode format as Markdown tables, for `datasets/README.md`.

``python -m recorder.episode.format_table`` prints them; a test compares the README with them.
"""

import sys

from recorder.episode import schema


def dataset_rows() -> list[str]:
    """One table row a dataset."""
    rows = ["| path | shape, type | unit | meaning |", "| --- | --- | --- | --- |"]
    for column in schema.COLUMNS:
        time = "M" if column.every == "second" else "T"
        axes = ", ".join([time, *map(str, column.axes)])
        kind = column.dtype.lstrip("<|")
        rows.append(f"| `{column.path}` | ({axes}) {kind} | {column.unit} | {column.meaning} |")
    for path, shape, unit, meaning in schema.OTHER_DATASETS:
        rows.append(f"| `{path}` | {shape} | {unit} | {meaning} |")
    return rows


def attribute_rows() -> list[str]:
    """One table row an attribute."""
    rows = ["| attribute | type | meaning |", "| --- | --- | --- |"]
    for attribute in schema.ATTRIBUTES:
        optional = " (not always there)" if attribute.optional else ""
        rows.append(f"| `{attribute.name}` | {attribute.kind} | {attribute.meaning}{optional} |")
    return rows


def frame_rows() -> list[str]:
    """One table row a field of what a journal says about a camera's frame."""
    return [f"`{name}` {schema.FRAME_DTYPE[name].str}" for name in schema.FRAME_DTYPE.names or ()]


if __name__ == "__main__":
    sys.stdout.write("\n".join([*dataset_rows(), "", *attribute_rows(), ""]))
