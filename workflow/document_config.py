"""Writes config/README.md from the schema: ``python workflow/document_config.py``."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schema import documented_keys, read_schema

HERE = Path(__file__).parent
INTRODUCTION = """\
# Configuration
`config.yaml` is the full size, with the papers' settings where they are known; `sample.yaml` and
`quickstart.yaml` are laid over it with `--configfile`. Mappings are merged and lists are replaced: so
definitions (spaces, training sets, experiments) are mappings, and what is selected is a list.

A key that is not in this table is an error that names the nearest one. A key twice in a mapping, a name
twice in a list, and a number that is not finite are errors too. A whole number may be written as `20.0`, and
is at most 1,000,000 except for `seed`. To try something, copy
`quickstart.yaml`, give it a `run` of its own, change a line and run it: only what depends on that
line is computed again. A key can also be set on the command line, after all else:

```console
$ snakemake --cores 2 --configfile config/quickstart.yaml --config 'evolution={srgp: {generations: 40}}'
```

`datasets.tsv` lists every file that is fetched: name, URL, digest, size, licence and citation.

`<name>` stands for a name of your own, `[]` for each element of a list. This table is made from
`workflow/schemas/config.schema.yaml`, and from the options in the files of methods and algorithms, by
`python workflow/document_config.py`.

| key | meaning |
| --- | --- |
"""


def row(key: str, schema: Mapping[str, Any]) -> str:
    default = schema.get("default")
    has_default = "default" in schema and default not in ({}, [])
    suffix = f" Default: `{json.dumps(default)}`." if has_default else ""
    return f"| `{key}` | {schema['description']}{suffix} |\n"


def main() -> None:
    schema = read_schema(HERE / "schemas/config.schema.yaml")
    rows = "".join(row(key, inner) for key, inner in documented_keys(schema))
    (HERE.parent / "config/README.md").write_text(INTRODUCTION + rows, encoding="utf-8")


if __name__ == "__main__":
    main()
