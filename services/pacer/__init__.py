"""The metronome: state and the clock become dial jobs, never more than a period's amount."""
