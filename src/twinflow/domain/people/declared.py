"""What a file of offices and people declares, put into the ones that are there."""

from dataclasses import replace

from twinflow.domain.people.people import Assignment, Delegation, Office, People, Person


def with_declared(people: People, declared: People) -> People:
    """Who is there with what the file says of them, and who is in the file alone.

    Whom the file does not name stays as they are. A role that the file does not name stays too: it is ended by a
    change that says its last day, and not by what a file leaves out. Nor does an office cease to ask for a second factor.
    """
    offices = {
        key: _as_strict(people.offices[key], office) if key in people.offices else office
        for key, office in declared.offices.items()
    }
    changed = {
        key: _with_declared(people.people[key], person) if key in people.people else person
        for key, person in declared.people.items()
    }
    return replace(people, offices={**people.offices, **offices}, people={**people.people, **changed})


def _as_strict(office: Office, declared: Office) -> Office:
    return replace(declared, second_factor=office.second_factor or declared.second_factor)


def _with_declared(person: Person, declared: Person) -> Person:
    roles = list(person.assignments)
    for role in declared.assignments:
        number = next((number for number, there in enumerate(roles) if _is_same(there, role)), None)
        if number is None:
            roles.append(role)
        else:
            roles[number] = role
    absences = (*person.absences, *(away for away in declared.absences if away not in person.absences))
    new = (given for given in declared.delegations if not any(_begins_as(each, given) for each in person.delegations))
    delegations = (*person.delegations, *new)
    return replace(
        declared, assignments=tuple(roles), absences=absences, disabled=person.disabled, delegations=delegations
    )


def _is_same(there: Assignment, declared: Assignment) -> bool:
    return (there.role, there.office, there.from_day) == (declared.role, declared.office, declared.from_day)


def _begins_as(there: Delegation, declared: Delegation) -> bool:
    """Whether it is the same delegation: where it was ended since, it stays ended."""
    of_there = (there.to, there.role, there.office, there.from_day)
    return of_there == (declared.to, declared.role, declared.office, declared.from_day)
