"""A process as a Mermaid state diagram: text, drawn by whoever reads it."""

from twinflow.domain.process import Label, ProcessDefinition


def mermaid(process: ProcessDefinition, language: str) -> str:
    """A `stateDiagram-v2` with every state and every step of the process, labelled in the language."""
    lines = ["stateDiagram-v2", f"    [*] --> {process.start}"]
    lines += [f"    {key} : {_text(state.label, language)}" for key, state in process.states.items()]
    for step in process.steps.values():
        for source in sorted(step.sources):
            for destination in step.to:
                condition = f" [{destination.when}]" if destination.when else ""
                lines.append(f"    {source} --> {destination.state} : {_text(step.label, language)}{condition}")
    lines += [f"    {key} --> [*]" for key, state in process.states.items() if state.final]
    return "\n".join(lines)


def _text(label: Label, language: str) -> str:
    """Mermaid ends a label at a line break or semicolon and reads `#` as an entity."""
    return " ".join(label[language].replace(";", ",").replace("#", "no. ").split())
