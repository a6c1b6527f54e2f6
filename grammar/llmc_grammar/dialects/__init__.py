"""Rewrites other forms in which models write calls as statements of the plan language.

    tool_calls      {"name": "price", "arguments": {"item": "tea"}}, in marks or bare; XML as Qwen writes it
    python_calls    r = await price("tea"); note(r)
    rewoo           #E1 = Search[tea]
    json_plan       {"tasks": [{"id": 1, "tool": "price", "args": {"item": "tea"}, "depends_on": []}]}

A dialect is a module with a name and a function, which takes a whole text and returns statements, or None if any part
of the text has another form. Dialects evaluate nothing. Their statements are then parsed like any other text.
"""
