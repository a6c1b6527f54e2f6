"""Repairs common damage in a model's text before the strict parser reads it.

changes.py    edits of a statement's text, and the map from edited offsets to original ones
blocks.py     blocks of lines inside tool-call marks
code_blocks.py  calls inside blocks of code
reasoning_filter.py  removal of reasoning
strings.py    repairs inside a string
scan.py       brackets and strings that are open after each line
heads.py      lines that begin a task, and their decorations
dress.py      decorations of calls of known tools: ordinals in all scripts, bullets, labels
mentions.py   calls of known tools anywhere in a line
unread.py     mistakes for calls that cannot be read
wide.py       full-width characters
marks.py      characters and words that several modules look for
quotes.py     which quote ends a string
call.py       the scan of a call with damaged quotes: brackets, arguments, strings
bare.py       arguments without quotes: expression or text
arguments.py  repairs of arguments
mend.py       one statement's text to its statement, with the repairs it needs
lenient.py    lines to statements: which lines belong to which statement

A repair is a set of edits. The strict parser reads the edited text and decides its meaning; every span points into the
original text. Text that parses is never edited, with one exception: a dash and a blank before a call at the start of a
line are a bullet.
"""
