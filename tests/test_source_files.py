"""flows/source_files.py: what a source's TOML may hold, and that its names alone load none of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flows import paths, source_files
from flows.errors import SettingError

TEXT = (paths.PACKAGE / "sources" / "mlco2.toml").read_text(encoding="utf-8")


def read(folder: Path, text: str) -> source_files.SourceFile:
    path = folder / "mlco2.toml"
    path.write_text(text, encoding="utf-8")
    (folder / "mlco2.py").touch()
    return source_files.read(path)


def test_pages_are_those_declared_alone_and_those_of_lists(tmp_path: Path) -> None:
    more = (
        '\n[[pages]]\nname = "own.csv"\nurl = "https://a.org/own.csv"\ncontent = "csv"\nbenchmark = "x"\n'
        '[[page_lists]]\nbase = "https://a.org/"\npaths = ["b/c.md", "d.md"]\npage_rank = 2\n'
        "mirror_only = true\n"
    )
    *_, own, first, second = source_files.pages(read(tmp_path, TEXT + more))
    assert own == ("own.csv", "https://a.org/own.csv", "csv", {"benchmark": "x"}, False)
    assert first == ("b/c.md", "https://a.org/b/c.md", None, {"page_rank": 2}, True)
    assert second[:2] == ("d.md", "https://a.org/d.md")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('parser = "mlco3"\n', "parser is 'mlco3', which is no parser in flows/sources; near it: 'mlco2'"),
        ('titel = "x"\n', "unknown key 'titel'; near it: 'title'"),
        (
            "repository_files = { wanted = '(', files_max = 9, mb_max = 1 }\n",
            "repository_files.wanted is '(', which is no pattern: missing ), unterminated subpattern at position 0",
        ),
        (
            "repository_files = { wanted = 'a', files_max = 0, mb_max = 1 }\n",
            "repository_files.files_max is 0, which is not above 0",
        ),
    ],
)
def test_a_slip_is_said_in_a_sentence(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(SettingError) as raised:
        read(tmp_path, line + TEXT)
    assert str(raised.value).endswith(said)


def test_the_names_of_sources_load_no_pydantic() -> None:
    code = "import sys; from flows import sources; print(len(sources.names()) > 20, 'pydantic' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], cwd=paths.PACKAGE.parent, capture_output=True, check=True)
    assert ended.stdout == b"True False\n"
