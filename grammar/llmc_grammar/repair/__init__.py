"""A model's text with its everyday damage, mended in front of the one grammar.

changes.py    edits of a statement's text, and where its places were before them
blocks.py     lines in marks of tool calls
code_blocks.py  calls in blocks of code
reasoning_filter.py  the text without reasoning
strings.py    the inside of a string
scan.py       what the strict reading has open after each line
heads.py      which lines begin a task, and what decorates them
dress.py      decorations of calls of known tools: ordinals of all scripts, bullets, labels
mentions.py   calls of known tools in a line
unread.py     the mistakes of those that cannot be read
wide.py       full-width characters
marks.py      the characters that everybody here looks for
quotes.py     where a quote ends a string
call.py       a call with bad quotes, scanned: brackets, arguments, strings
bare.py       arguments that are no expressions
arguments.py  what each argument is, and the edits that say so
mend.py       one statement's text to its statement, with the edits that it took
lenient.py    lines in, statements out: which lines belong to which statement

A repair is a set of edits; what a statement means is what the strict parser says of the edited text, and every place
in it points into the text as it came. Text that parses is never edited, except that a dash and a blank in front of a
call at the start of a line are a bullet.
"""
