"""The table of the bench: what it calls held, and when it fails."""

import pytest

from bench.rows import Bar, Row, exit_code, in_turns, table, within_which_most


def row(bar: Bar | None = None, ours: tuple[float, ...] = (), peer: tuple[float, ...] = ()) -> Row:
    return Row(what="a step", unit="ms", ours=ours, peer=peer, against="sqlite3", bar=bar)


@pytest.mark.parametrize(
    ("bar", "ours", "peer", "verdict"),
    [
        (Bar(3), (6.0,), (2.0,), "held"),
        (Bar(3), (6.1,), (2.0,), "short"),
        (Bar(5, at_most=False), (10.0,), (2.0,), "held"),
        (Bar(5, at_most=False), (9.9,), (2.0,), "short"),
        (Bar(50, of_ratio=False), (50.0,), (1.0,), "held"),
        (Bar(50, of_ratio=False), (51.0,), (100.0,), "short"),
        (Bar(3), (6.0,), (), "not measured"),
        (Bar(50, of_ratio=False), (), (), "not measured"),
        (None, (6.0,), (1.0,), "–"),
    ],
)
def test_a_bar_is_held_or_short(
    bar: Bar | None, ours: tuple[float, ...], peer: tuple[float, ...], verdict: str
) -> None:
    assert row(bar, ours, peer).verdict == verdict


def test_the_ratio_is_the_median_of_the_rounds_and_not_of_the_figures() -> None:
    uneven = row(Bar(2), ours=(1.0, 9.0, 5.0), peer=(1.0, 3.0, 1.0))
    assert uneven.ratios == [1.0, 3.0, 5.0]
    assert uneven.verdict == "short"


def test_rounds_that_do_not_match_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="shorter"):
        _ = row(ours=(1.0, 2.0), peer=(1.0,)).ratios


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], 0),
        ([row(ours=(9.0,))], 0),
        ([row(Bar(3), (6.0,), (2.0,))], 0),
        ([row(Bar(3), (6.0,), (2.0,)), row(Bar(3), (7.0,), (2.0,))], 1),
        ([row(Bar(3))], 1),
    ],
)
def test_the_bench_fails_where_a_bar_is_short_or_could_not_be_measured(rows: list[Row], code: int) -> None:
    assert exit_code(rows) == code


def test_the_table_says_what_ours_the_peers_the_ratio_the_bar_and_whether_it_is_held() -> None:
    lines = table([row(Bar(3), (6.0, 7.0), (2.0, 2.0)), row(Bar(50, of_ratio=False), (1234.5,))]).splitlines()
    assert [line.split("  ")[0] for line in lines] == ["what", "a step", "a step"]
    assert [cell.strip() for cell in lines[1].split("  ") if cell] == [
        "a step", "6.50 ms", "2.00 sqlite3", "3.25 (3.00 to 3.50)", "≤ 3 ×", "short"
    ]  # fmt: skip
    assert [cell.strip() for cell in lines[2].split("  ") if cell] == [
        "a step", "1,234 ms", "sqlite3", "–", "≤ 50 ms", "short"
    ]  # fmt: skip


def test_the_sides_take_turns() -> None:
    order = list[str]()

    def way(name: str, number: int) -> float:
        order.append(f"{name}{number}")
        return number

    found = in_turns(2, lambda number: way("ours", number), lambda number: way("theirs", number))
    assert order == ["ours0", "theirs0", "ours1", "theirs1"]
    assert found == [[0, 1], [0, 1]]


def test_the_95th_percentile_leaves_out_one_in_twenty() -> None:
    assert within_which_most([1.0] * 18 + [7.0, 2.0]) == 2.0
    assert within_which_most([1.0] * 17 + [7.0, 7.0, 2.0]) == 7.0
    assert within_which_most([3.0]) == 3.0
