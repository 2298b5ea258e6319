"""What shows a case of another office to somebody, by the roles they hold."""

import pytest

from twinflow.domain.people.viewer import ADMINISTRATOR, AUDITOR, Door, Held, Viewer
from twinflow.domain.people.visibility import SUPERVISOR, SeenBy, also_of_the_kind, shows_to

OF_THE_KIND, OF_THE_OFFICE = SeenBy("ministry", "", "MX"), SeenBy(office="sre")
REVIEWER = SeenBy("ministry", "reviewer", "MX")


def shown(*roles: str) -> list[SeenBy]:
    held = frozenset(Held(role, "sre", "ministry", "MX") for role in roles)
    return shows_to(Viewer("rita", Door.PAGE, held))


def test_somebody_sees_what_comes_to_a_role_they_hold_and_what_is_shown_to_their_office() -> None:
    registrar = SeenBy("ministry", "registrar", "MX")
    assert shown("reviewer") == [OF_THE_OFFICE, REVIEWER]
    assert shown("reviewer", "registrar") == [OF_THE_OFFICE, registrar, REVIEWER]


@pytest.mark.parametrize("role", [SUPERVISOR, AUDITOR])
def test_some_see_what_comes_to_any_role_of_their_kind_of_office(role: str) -> None:
    assert shown(role) == [OF_THE_OFFICE, OF_THE_KIND]


def test_an_administrator_sees_no_case() -> None:
    assert shown(ADMINISTRATOR) == []
    assert shown(ADMINISTRATOR, "reviewer") == [OF_THE_OFFICE, REVIEWER]


def test_what_comes_to_a_role_comes_to_those_who_see_all_of_their_kind_and_an_office_alone_to_nobody_else() -> None:
    assert also_of_the_kind([REVIEWER, OF_THE_OFFICE]) == {REVIEWER, OF_THE_KIND, OF_THE_OFFICE}
