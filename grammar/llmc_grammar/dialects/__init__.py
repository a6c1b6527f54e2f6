"""Other forms of a plan that models write, rewritten to statements of the language.

    tool_calls      {"name": "price", "arguments": {"item": "tea"}}, in marks or bare; XML as Qwen writes it
    python_calls    r = await price("tea"); note(r)
    rewoo           #E1 = Search[tea]
    json_plan       {"tasks": [{"id": 1, "tool": "price", "args": {"item": "tea"}, "depends_on": []}]}

A dialect is a module with a name and a function: it takes a whole text and returns the statements, or None if any of
the text is not of its form. It evaluates nothing. The statements are then read like any other text.
"""
