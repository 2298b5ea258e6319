"""A process, or the course of one agreement through it, as something to look at: Mermaid, SVG and plain words."""
