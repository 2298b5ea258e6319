"""The reading of pages for accessibility: it takes a sound page, and each thing that shuts somebody out is found and named."""

import pytest

from html_reading import accessible

SOUND = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A-1</title>
<style>body { max-width: 40em }</style></head><body><h1>A-1: due</h1>
<p>Dear <bdi>Ana</bdi>,</p><h2>A-1</h2><p><a href="https://test.example/a">Open the page of A-1</a></p>
<h3>Due on Monday</h3><p>To do:</p><ul><li>File it</li></ul><h2>Why</h2><p><code>twinflow</code> sent it.</p></body></html>
"""


def test_a_sound_page_passes() -> None:
    accessible(SOUND, "en")


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("<!doctype html>\n", "", "doctype"),
        ('lang="en"', 'lang="es"', "the language is es"),
        (' lang="en"', "", "the language is None"),
        ("<title>A-1</title>", "<title> </title>", "no title"),
        ("<h1>A-1: due</h1>", "", "one of the first level"),
        ("<h2>A-1</h2>", "<h1>A-1</h1>", "one of the first level"),
        ("<h2>A-1</h2>", "", "level 3 after one of level 1"),
        ("<h3>Due on Monday</h3>", "<h3></h3>", "empty heading"),
        ("Open the page of A-1", "here", "does not say where"),
        ("Open the page of A-1", "", "does not say where"),
        ("Open the page of A-1", "https://test.example/a", "does not say where"),
        ("https://test.example/a", "#", "to nowhere"),
        ("<p>To do:</p>", '<p><a href="https://test.example/b">Open the page of A-1</a></p>', "the same words"),
        ("<p>To do:</p>", '<p><img src="a.png" alt="a"></p>', "<img>"),
        ("<p>To do:</p>", "<table><tr><td>To do:</td></tr></table>", "<table>"),
        ("<p>To do:</p>", '<p style="margin: 0">To do:</p>', "<p style>"),
        ("<p>To do:</p>", "<p hidden>To do:</p>", "<p hidden>"),
        ("<p>To do:</p>", "<p>To do:", "<ul> inside <p>"),
        ("<li>File it</li>", "<p>File it</p>", "a list has items"),
        ("<ul><li>File it</li></ul>", "<li>File it</li>", "a list has items"),
        ("</body>", "", "closes what is not open"),
        ("</body></html>", "", "never closed"),
        ("max-width: 40em", "color: red", "colour alone"),
        ("max-width: 40em", "display: none", "may hide"),
        ("max-width: 40em", "font-size: 12px", "does not grow"),
        ("width=device-width", "width=device-width, maximum-scale=1", "enlarging"),
    ],
)
def test_each_mistake_is_named(before: str, after: str, named: str) -> None:
    assert SOUND.count(before) == 1
    with pytest.raises(AssertionError, match=named):
        accessible(SOUND.replace(before, after), "en")
