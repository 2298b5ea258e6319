"""What a correction asks for is told by the names of the process, in the reader's language."""

import pytest

from builders import definition
from twinflow.language import say
from twinflow.services.reading.asked_in_words import name_in_words, value_in_words

ASKED = {
    ("term.validity", "2 years"): "Vigencia: 2 años",
    ("term.validity", "1 year|2 years"): "Vigencia: 1 año, 2 años",
    ("reading", "indefinite"): "lo que dice el texto: por tiempo indefinido",
    ("party.Medellin", "Medellín"): "nombre de Medellin: Medellín",
    ("country.Medellin", "CO"): "país de Medellin: CO",
    ("step", "return_to_negotiation"): "paso: Devolver a negociación",
    ("state", "negotiation"): "estado: Negociación",
    ("length", "5 business days"): "duración: 5 días hábiles",
    ("signed_on", "1997-05-12"): "Día de la firma de todas las partes: lunes 12 de mayo de 1997",
    ("signed_on", "1997"): "Día de la firma de todas las partes: 1997",
    ("on", "2026-03-02"): "día: lunes 2 de marzo de 2026",
    ("title", "state"): "título: state",
}


@pytest.mark.parametrize(("asked", "words"), ASKED.items(), ids=[" = ".join(asked) for asked in ASKED])
def test_it_is_told_by_the_names_of_the_process(asked: tuple[str, str], words: str) -> None:
    (name, text), process = asked, definition("ec/agreement")
    found = [name_in_words(name, process), value_in_words(name, text, process)]
    assert ": ".join(say(each, "es") for each in found) == words
