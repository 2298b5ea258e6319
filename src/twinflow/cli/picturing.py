"""`twinflow workflows diagram`: a process as Mermaid, SVG or words, with the course of one agreement if one is named."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from twinflow.cli.context import Cli, Json, cli_of
from twinflow.cli.output import print_json, write_file
from twinflow.cli.reading_as import Reader, viewer_at_shell
from twinflow.domain.process.definition import ProcessDefinition
from twinflow.errors import BadInput
from twinflow.language import LANGUAGES, say
from twinflow.pictures.diagram import Course, Say, mermaid
from twinflow.pictures.outline import outline
from twinflow.pictures.picture import svg
from twinflow.sentences import Sentence
from twinflow.services.reading.picture import course_of


class Format(StrEnum):
    MERMAID = "mermaid"
    SVG = "svg"
    TEXT = "text"


def diagram(
    context: typer.Context,
    process: Annotated[str | None, typer.Argument(help="Process, like mx/twinning.")] = None,
    version: Annotated[int | None, typer.Option("--version", help="Else the newest.")] = None,
    agreement: Annotated[
        str | None,
        typer.Option(
            "--agreement",
            metavar="REFERENCE",
            help="Draw the process of this agreement, with the path it took, where it is, and the dates ahead.",
        ),
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="SVG needs no browser; text says it in words.")
    ] = Format.MERMAID,
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write it there.")] = None,
    reader: Reader = "",
    language: Annotated[str, typer.Option("--language", help="es or en; else that of the settings.")] = "",
    json: Json = False,
) -> None:
    """Draw a process, or the course of one agreement through it."""
    cli = cli_of(context)
    if language and language not in LANGUAGES:
        raise BadInput("--language is es or en, not “{text}”.", text=language)
    definition, course = _chosen(cli, process, version, agreement, reader)
    drawn = _drawn(form, definition, partial(say, language=language or cli.language), course)
    if output is not None:
        write_file(output, drawn.rstrip("\n") + "\n")
        print(cli.say(Sentence("{file} is written.", {"file": str(output)})))
    elif json:
        print_json({form.value: drawn}, cli.language)
    else:
        print(drawn.rstrip("\n"))


def _chosen(
    cli: Cli, process: str | None, version: int | None, agreement: str | None, reader: str
) -> tuple[ProcessDefinition, Course | None]:
    """A process by its name, or that of an agreement with its course. Raises BadInput where both or neither is named."""
    if agreement is not None and process is None and version is None:
        here = (cli.runtime.engine, cli.runtime.rulebook, cli.runtime.people)
        return course_of(*here, agreement, cli.now(), viewer=viewer_at_shell(cli, reader))
    if agreement is not None or process is None:
        raise BadInput(
            "Name a process, or an agreement with --agreement: not both, since an agreement has its process."
        )
    catalogue = cli.rulebook.catalogue
    return (catalogue.versions(process)[-1] if version is None else catalogue.version(process, version)), None


def _drawn(form: Format, definition: ProcessDefinition, words: Say, course: Course | None) -> str:
    match form:
        case Format.MERMAID:
            return mermaid(definition, words, course)
        case Format.SVG:
            return svg(definition, words, course)
        case Format.TEXT:
            return "\n".join(outline(definition, words, course))
