"""The supervisor: starts and watches the processes, owns the flow and numbering of a session."""
