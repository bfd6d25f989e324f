"""What a file really holds where its name says otherwise, for error messages."""


def stand_in(start: bytes) -> str | None:
    """What is there in a file's stead, and what to do about it; None if it is nothing known.

    Args:
      start: some hundred bytes from the file's beginning.
    """
    if start.startswith(b"version https://git-lfs.github.com/"):
        return "a git-lfs pointer; fetch the file with `git lfs pull`"
    if start.startswith(b"/annex/objects/") or b".git/annex/objects" in start:
        return "a git-annex pointer; fetch the file with `git annex get`"
    if _text(start).startswith((b"<!doctype html", b"<html", b"<head", b"<script")):
        return "a web page (HTML); download the file itself"
    if start and not start.strip(b"\0"):
        return "zero bytes only, as a broken download leaves them; fetch it again"
    return None


def no_image(start: bytes) -> str | None:
    """As `stand_in`, of a file that was to be an image."""
    text = _text(start)
    if text.startswith(b"<svg") or (text.startswith(b"<?xml") and b"<svg" in text):
        return "a drawing (SVG); save it as PNG"
    if text.startswith(b"<?xml"):
        return "XML, perhaps a server's error; download the picture itself"
    if text.startswith((b'{"', b"{\n", b"{\r", b"[{")):
        return "JSON, perhaps a server's error; download the picture itself"
    if start[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1", b"ftyphevc"):
        return "a HEIC picture; save it as JPEG or PNG, in the size that was annotated"
    if start.startswith(b"%PDF"):
        return "a PDF; save its picture as PNG"
    if start.startswith(b"PK\x03\x04"):
        return "a zip archive; unpack it"
    return stand_in(start)


def _text(start: bytes) -> bytes:
    return start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
