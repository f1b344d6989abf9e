"""Descriptions of attributes, read from numpydoc docstrings of a class and of the classes it is made from."""

import inspect

from numpydoc.docscrape import NumpyDocString


def attribute_docs(cls: type) -> dict[str, str]:
    """What the docstrings' ``Attributes`` say of each name; one entry may name several, such as ``train, dev``."""
    texts: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if not base.__module__.startswith("avbaselines"):
            continue
        for entry in NumpyDocString(inspect.getdoc(base) or "")["Attributes"]:
            for name in entry.name.split(","):
                texts[name.strip()] = " ".join(line.strip() for line in entry.desc).strip()
    return texts
