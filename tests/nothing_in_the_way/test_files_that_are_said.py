"""What is said of a damaged file names it once, and is made of whole sentences."""

from twinflow.files import troubles_of
from twinflow.language import say
from twinflow.sentences import Problem, Sentence


def test_a_damaged_file_is_named_once_and_its_mistakes_stand_one_after_the_other() -> None:
    file, missing = "/srv/twinflow/people.toml", Sentence("this key is missing.")
    found = (
        Problem("people.toml: offices.leon.label", missing),
        Problem(file, missing),
        Problem(f"{file}: people", missing),
    )
    (trouble,) = troubles_of({file: found})
    said = (
        "/srv/twinflow/people.toml is not used as it stands: "
        "offices.leon.label: this key is missing. this key is missing. people: this key is missing."
    )
    assert (str(trouble), say(trouble, "en")) == (said, said)
