"""The picture of one agreement: its process with the path it took, beside it the same in words."""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from twinflow.domain.process.definition import ProcessDefinition
from twinflow.errors import NotFound
from twinflow.language import say
from twinflow.pictures.diagram import Course, date_words, present_words
from twinflow.pictures.outline import path, places_by_stage
from twinflow.pictures.picture import svg
from twinflow.services.reading.picture import course_of
from twinflow.web import languages, viewing
from twinflow.web.pages.agreements import show_one_called
from twinflow.web.rendering import Here, Site

router = APIRouter(default_response_class=HTMLResponse)


@router.get("/agreements/{reference:path}/picture")
def show_picture(request: Request, site: Here, reference: str) -> HTMLResponse:
    """Asked for before the agreement itself, whose reference may hold slashes."""
    try:
        process, course = _course(request, site, reference)
    except NotFound as error:
        return show_one_called(request, site, f"{reference}/picture", error)
    return site.page(
        request,
        "picture.html",
        course=course,
        process=process,
        present=present_words(course),
        walked=path(course),
        ahead=[date_words(each) for each in course.ahead],
        stages=places_by_stage(process, course),
    )


@router.get("/agreements/{reference:path}/picture.svg")
def draw_picture(request: Request, site: Here, reference: str) -> Response:
    try:
        process, course = _course(request, site, reference)
    except NotFound as error:
        return show_one_called(request, site, f"{reference}/picture.svg", error)
    language = languages.choose(request, site.runtime.settings.language)
    drawn = svg(process, partial(say, language=language), course)
    return Response(drawn, media_type="image/svg+xml", headers={"Content-Language": language})


def _course(request: Request, site: Site, reference: str) -> tuple[ProcessDefinition, Course]:
    runtime = site.runtime
    viewer = viewing.asking(request)
    return course_of(runtime.engine, runtime.rulebook, runtime.people, reference, site.clock(), viewer=viewer)
