"""The voice of lines that have none: words become samples, prompts are kept ready, play lists become one stream."""
