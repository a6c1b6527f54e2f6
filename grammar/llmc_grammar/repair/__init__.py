"""Repairs common damage in a model's text before the strict parser reads it.

full_width.py                    full-width characters
decorations.py                   decorations of calls of known tools: ordinals in all scripts, bullets, labels
marks.py                         characters and words that several modules look for
splitting/lenient_splitter.py    lines to statements: which lines belong to which statement
splitting/scan.py                brackets and strings that are open after each line
splitting/blocks.py              blocks of lines inside tool-call marks
splitting/code_blocks.py         calls inside blocks of code
splitting/reasoning_filter.py    removal of reasoning
splitting/tool_mentions.py       calls of known tools anywhere in a line
splitting/unread_calls.py        mistakes for calls that cannot be read
statements/statement_repair.py   one statement's text to its statement, with the repairs it needs
statements/changes.py            edits of a statement's text, and the map from edited offsets to original ones
statements/task_heads.py         lines that begin a task, and their decorations
statements/call_scan.py          the scan of a call with damaged quotes: brackets, arguments, strings
statements/argument_repair.py    repairs of arguments
statements/bare_arguments.py     arguments without quotes: expression or text
statements/quotes.py             which quote ends a string
statements/string_repair.py      repairs inside a string

A repair is a set of edits. The strict parser reads the edited text and decides its meaning; every span points into the
original text. Text that parses is never edited, with one exception: a dash and a blank before a call at the start of a
line are a bullet.
"""
