"""What ties one person's act to another's, so that both count as the hand of one."""

from twinflow.domain.agreement.history import Way
from twinflow.domain.people.people import Actor
from twinflow.domain.people.viewer import Door
from twinflow.sentences import Sentence

SAME_PERSON = Sentence("the same person")
"""Not said: that it is the same person shows."""


def tie_to(actor: Actor, person: str, way: Way | None) -> Sentence | None:
    """What ties the actor to the `person` who acted in that way (None: before it was kept); None where nothing does."""
    values: dict[str, object] = {"actor": actor.key, "person": person}
    if actor.key == person:
        return SAME_PERSON
    if actor.is_called(person):
        return Sentence("{actor} and {person} have one mail address", values)
    if actor.stands_in_for(person):
        return Sentence("{actor} stands in for {person}", values)
    if way is None:
        return None
    values |= {"principal": way.acts_for, "user": way.machine_user}
    if way.acts_for and actor.is_called(way.acts_for):
        return Sentence("{person} acted for {actor}", values)
    if way.acts_for and actor.stands_in_for(way.acts_for):
        return Sentence("{person} acted for {principal}, and {actor} stands in for {principal}", values)
    if _one_user(actor, way):
        return Sentence("both came by the shell of {user}, a user of the machine", values)
    return None


def _one_user(actor: Actor, way: Way) -> bool:
    """Whether one user of the machine did both: whoever has the shell can be anybody there, unless that is what is wanted."""
    mine = actor.way
    if mine is None or mine.for_several or not (mine.door == way.door == Door.SHELL):
        return False
    return mine.machine_user == way.machine_user


def with_tie(did: Sentence, tie: Sentence) -> Sentence:
    """What somebody did, and what ties whoever would decide to them, where that is another person."""
    return did if tie is SAME_PERSON else Sentence("{did}, and {tie}", {"did": did, "tie": tie})
