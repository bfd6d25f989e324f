"""The folder of ours in the user's cache."""

from partsjax.cache_folder import cache_folder


def test_where_it_is(tmp_path, monkeypatch):
    monkeypatch.delenv("PARTSJAX_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder("weights") == tmp_path / ".cache" / "partsjax" / "weights"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder("weights") == tmp_path / "xdg" / "partsjax" / "weights"
    monkeypatch.setenv("PARTSJAX_CACHE", "~/own")
    assert cache_folder("weights") == tmp_path / "own" / "weights"
