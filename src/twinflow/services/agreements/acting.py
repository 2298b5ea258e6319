"""The case that somebody acts on: of one that they do not see they are told what is said of none."""

from datetime import datetime

from twinflow.domain.agreement.agreement import Agreement
from twinflow.domain.people.people import People, Person
from twinflow.domain.people.viewer import Door, Viewer, viewer_of
from twinflow.errors import UnreadableAgreement
from twinflow.storage.unit_of_work import UnitOfWork
from twinflow.storage.visibility import own_offices


def as_viewer(people: People, who: Person, now: datetime) -> Viewer:
    """Whoever acts, as somebody who sees; by every door they see the same."""
    return viewer_of(people, who.key, now, Door.PAGE)


def locked_for(work: UnitOfWork, people: People, who: Person, reference: str, now: datetime) -> Agreement:
    """The case to be changed by the person, kept from other writers.

    Raises NotFound, in the same words where they do not see it and before anything else is found wrong; UnreadableAgreement.
    """
    viewer = as_viewer(people, who, now)
    try:
        agreement = work.agreements.lock(reference)
    except UnreadableAgreement:
        work.agreements.row_for(viewer, reference)
        raise
    if agreement.office not in own_offices(viewer):  # of those who keep it nothing is asked: it would slow every step
        work.agreements.row_for(viewer, reference)
    return agreement
