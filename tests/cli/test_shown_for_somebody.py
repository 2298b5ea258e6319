"""What is shown through the shell for somebody is shown as they see it; else the shell shows everything."""

from pathlib import Path

from command_line import twinflow
from world import EXAMPLES

CASE = (
    "agreements", "open", "MX-9", "--process", "mx/twinning", "--office", "chihuahua", "--as", "elena",
    "--party", "Chihuahua/MX", "--party", "Albuquerque/US", "--on", "2026-03-02", "--term", "validity=3 years",
)  # fmt: skip


def test_lists_and_pages_are_those_of_the_person(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWINFLOW_PEOPLE_FILE", str(EXAMPLES / "demo" / "people.toml"))
    monkeypatch.setenv("TWINFLOW_DATABASE__URL", f"sqlite:///{tmp_path}/books.db")
    assert twinflow(monkeypatch, capsys, *CASE).code == 0
    for asked, seen in (((), True), (("--as", "elena"), True), (("--as", "rita"), False)):
        listed = twinflow(monkeypatch, capsys, "agreements", "list", "--json", *asked)
        assert ("MX-9" in listed.out) == seen
        page = twinflow(monkeypatch, capsys, "agreements", "show", "MX-9", *asked)
        assert page.code == (0 if seen else 2)
    hidden = twinflow(monkeypatch, capsys, "agreements", "show", "MX-9", "--as", "rita")
    none = twinflow(monkeypatch, capsys, "agreements", "show", "MX-8", "--as", "rita")
    assert hidden.err.replace("MX-9", "MX-8") == none.err
    assert twinflow(monkeypatch, capsys, "deadlines", "list", "--as", "nobody-there").code == 2
