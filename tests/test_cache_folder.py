"""The folder of ours in the user's cache."""

from partsjax.cache_folder import cache_folder, own_folder


def test_where_it_is(tmp_path, monkeypatch):
    monkeypatch.delenv("PARTSJAX_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder("weights") == tmp_path / ".cache" / "partsjax" / "weights"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder("weights") == tmp_path / "xdg" / "partsjax" / "weights"
    monkeypatch.setenv("PARTSJAX_CACHE", "~/own")
    assert cache_folder("weights") == tmp_path / "own" / "weights"


def test_what_is_run_is_kept_in_folders_of_the_user_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("PARTSJAX_CACHE", str(tmp_path))
    assert own_folder("pages") == tmp_path / "pages" and (tmp_path / "pages").stat().st_mode & 0o777 == 0o700
    for mode in (0o720, 0o702):
        (tmp_path / "pages").chmod(mode)
        assert own_folder("pages") is None
    (tmp_path / "file").write_text("in the way")
    assert own_folder("file/pages") is None
