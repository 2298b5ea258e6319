"""Who is asking for a page."""

from starlette.requests import Request

from twinflow.domain.people.viewer import OPERATOR, Viewer
from twinflow.web.rendering import Site


def viewer_of_request(request: Request, site: Site) -> Viewer:  # noqa: ARG001 - nobody signs in yet
    """Every page asks here for whom it is: whoever reaches the pages, which show everything until people sign in."""
    return OPERATOR
