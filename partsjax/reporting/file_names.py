"""Names of files and folders, whatever classes, parts, layers and networks are called."""

import hashlib
import json
import re

_LONGEST = 80  # characters kept of a name; file systems stop at 255 bytes
_PLAIN = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9_-])?")
_MARKED = re.compile(r".*-[0-9a-f]{8}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")  # on Windows, with any suffix


def file_name(*names: str) -> str:
    """One name for a file or folder, of ASCII letters, digits and ._- alone, that no other names get.

    Plain names stand as they are, joined by hyphens. Whatever else they are (a path, `..`, capitals, which
    some file systems do not tell apart, what Windows reserves, 300 characters), a readable start is kept and
    marked with a hash of the exact names. Not compared with names of another number.
    """
    joined = "-".join(names)
    one_reading = len(names) == 1 or "-" not in "".join(names)
    fits = len(joined) <= _LONGEST and not _MARKED.fullmatch(joined)
    if one_reading and fits and all(map(_stands, names)):
        return joined
    exact = hashlib.sha256(json.dumps(names).encode()).hexdigest()
    return f"{re.sub(r'[^A-Za-z0-9_-]', '_', joined)[:_LONGEST]}-{exact[:8]}"


def _stands(name: str) -> bool:
    return bool(_PLAIN.fullmatch(name)) and not _RESERVED.fullmatch(name)
