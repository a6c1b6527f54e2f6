"""Damaged texts as planner models write them: what they are mended to, and those that are refused."""

from llmc_grammar import Edit, Parsed, parse

MENDED = {
    # prose and decorations
    "prose": ("Sure!\nHere is the plan:\n1. f()\nDone.", "\n1. f()\n"),
    "question and observation": ("Question: x?\n1. f()\nObservation: [1, 2]", "\n1. f()\n"),
    "numbered prose": ("1. First, look it up\n2. Then add\n1. f()", "\n1. f()"),
    "fence": ("```text\n1. f()\n```", "\n1. f()\n"),
    "a sentence that begins with a call": ('search("x") is what I call\n1. f()', "\n1. f()"),
    "a word of the header": ("use search to find it\n1. f()", "\n1. f()"),
    "bold": ("**2.** f()", "2. f()"),
    "bold mark outside": ("**2**. f()", "2. f()"),
    "bullet": ("- 2. f()", "2. f()"),
    "bullet alone": ("- f()\n* g()\n+ h()\n\u2022 i()", "f()\ng()\nh()\ni()"),
    "bullet before a damaged call": ("- f('it's')", "f('it\\'s')"),
    "bullet before a call over lines": ("- f(\n  1\n)", "f(\n  1\n)"),
    "bullet before an operator": ("- f() - g()", "f() - g()"),
    "items of a list": ("* f(x) is a function\n- g(x): another\n1. f()", "\n1. f()"),
    "bracket": ("2) f()", "2. f()"),
    "step": ("Step 2: f()", "2. f()"),
    "bold step": ("**Step 2:** f()", "2. f()"),
    "action": ("Action 2: f()", "2. f()"),
    "dollar": ("$2 = f()", "2. f()"),
    "dollar name": ("$a = f()", "a = f()"),
    "backticks": ("2. `f()`", "2. f()"),
    "backticks alone": ("`f()`", "f()"),
    "decorated and damaged": ("Step 2: f('it's')", "2. f('it\\'s')"),
    # quotes
    "apostrophe": ("search('Arthur's Magazine')", "search('Arthur\\'s Magazine')"),
    "apostrophe in front": ("search('night Mother)", 'search("\'night Mother")'),
    "apostrophes of several": ("f(a='it's', b='so's')", "f(a='it\\'s', b='so\\'s')"),
    "quotes in pairs": ('f("he said "hi" twice", 2)', 'f("he said \\"hi\\" twice", 2)'),
    "a quote before a comma": (
        "post(content='a.txt, b.jpg', c.jpg', tags='x')",
        "post(content='a.txt, b.jpg\\', c.jpg', tags='x')",
    ),
    "a quote before a bracket": ("f('he said (it's 'fine') so', 1)", "f('he said (it\\'s \\'fine\\') so', 1)"),
    "quotes in a list": ("f(['it's', 'b'])", "f(['it\\'s', 'b'])"),
    "quotes in a mapping": ("f({'k's': 'it's', 'l': 1})", "f({'k\\'s': 'it\\'s', 'l': 1})"),
    "quotes in a nested call": ("f(g('it's'), [h('x')])", "f(g('it\\'s'), [h('x')])"),
    "quotes beside a comment": ("f(1, # it's\n 'it's')", "f(1, # it's\n 'it\\'s')"),
    "quotes beside an operator": ('f("a" in "b", \'it\'s\')', 'f("a" in "b", \'it\\\'s\')'),
    "quotes and comments over lines": (
        "f('it's', # one\n 'b', # two\n # three\n ['so's' # four\n ],\n)",
        "f('it\\'s', # one\n 'b', # two\n # three\n ['so\\'s' # four\n ],\n)",
    ),
    "quotes and brackets": ("f(['it's'] + $1, g(['x'], 'y's'))", "f(['it\\'s'] + $1, g(['x'], 'y\\'s'))"),
    "quotes and words": ("f('it's', word, ['x', that's])", "f('it\\'s', \"word\", ['x', \"that's\"])"),
    "quotes and a guard": ("f('it's') if $x > 1 @retry(2)", "f('it\\'s') if $x > 1 @retry(2)"),
    "line break": ('f("a\nb")', 'f("a\\nb")'),
    "line break at the end": ("1. f(x='10 am\n')\n2. g()", "1. f(x='10 am\\n')\n2. g()"),
    "line break, CRLF": ('f("a\r\nb")', 'f("a\\nb")'),
    "numbered lines in a string": (
        '1. send(body="Dear,\n1. milk\n2. eggs")\n2. g()',
        '1. send(body="Dear,\\n1. milk\\n2. eggs")\n2. g()',
    ),
    "lines and apostrophes": (
        "1. send(body='Hi,\n\nit's me (Bob)\nBye')\n2. g()",
        "1. send(body='Hi,\\n\\nit\\'s me (Bob)\\nBye')\n2. g()",
    ),
    "curly quotes": ("f(\u201cit's\u201d, \u2018x\u2019)", "f(\"it's\", 'x')"),
    "curly apostrophe": ("f(\u2018it\u2019s\u2019)", "f('it\u2019s')"),
    "curly and straight": ('f(\u201cx")', 'f("x")'),
    "curly around straight": ('f(\u201ca "b" c\u201d)', 'f("a \\"b\\" c")'),
    "unknown escapes": ("f('C:\\Docs\\u12\\q')", "f('C:\\\\Docs\\\\u12\\\\q')"),
    "existing escapes beside an unknown one": (
        'f("C:\\Users\\nina\\temp", "a\\n")',
        'f("C:\\\\Users\\\\nina\\\\temp", "a\\n")',
    ),
    "an unknown escape and quotes": ('f("\\d \\"a\\" \\\\ \\n")', 'f("\\\\d \\"a\\" \\\\ \\\\n")'),
    "an unknown escape in single quotes": ("f('it\\'s \\d\\n')", "f('it\\'s \\\\d\\\\n')"),
    "an unknown escape in three quotes": ('f("""\\d\n\\n""")', 'f("""\\\\d\n\\\\n""")'),
    "unknown escapes everywhere": (
        'f(["\\d"], {"\\d\\n": "\\s"}) if $a["\\d"] == "\\w" @fallback("\\x")',
        'f(["\\\\d"], {"\\\\d\\\\n": "\\\\s"}) if $a["\\\\d"] == "\\\\w" @fallback("\\\\x")',
    ),
    "an unknown escape in a value": ('a = "\\d\\n" + "\\n"', 'a = "\\\\d\\\\n" + "\\n"'),
    "an unknown escape and a continued line": ('f("\\d\\\nb")', 'f("\\\\d\\\\\\nb")'),
    "backslash at the end": ("1. f('C:\\Docs\\')\n2. g()", "1. f('C:\\\\Docs\\\\')\n2. g()"),
    "backslash at the end, more behind": (
        'f("C:\\temp\\", ["D:\\n\\"], {"E:\\": "x"}, y="z")',
        'f("C:\\\\temp\\\\", ["D:\\\\n\\\\"], {"E:\\\\": "x"}, y="z")',
    ),
    "backslash at the end behind quotes": (
        'f("type \\"a b\\" C:\\", 1)',
        'f("type \\"a b\\" C:\\\\", 1)',
    ),
    "backslash at the end before what looks like operators": (
        'f("C:\\a\\", "in 3 days", "-1", "", x="+1")',
        'f("C:\\\\a\\\\", "in 3 days", "-1", "", x="+1")',
    ),
    "backslash at the end, two on a line": (
        '1. f("C:\\a\\", "x") 2. g("y")',
        '1. f("C:\\\\a\\\\", "x")\n2. g("y")',
    ),
    "backslash at the end before a comma in quotes": ('f("C:\\", ", ")', 'f("C:\\\\", ", ")'),
    "backslash at the end of three quotes": ('f("""C:\\""", 1)', 'f("""C:\\\\""", 1)'),
    "backslash at the end of a value": ('a = "C:\\temp\\"', 'a = "C:\\\\temp\\\\"'),
    "backslash at the end in curly quotes": ("f(\u201cC:\\\u201d)", 'f("C:\\\\")'),
    "malformed braces": ('f("${", "${1 + 2} $${x} ${x}")', 'f("$${", "$${1 + 2} $${x} ${x}")'),
    "strings side by side": ('f("a", "b," "", [])', 'f("a", "b,", [])'),
    "strings with unknown escapes": (
        """f("C:\\d\\n" 'it\\'s "\\x"' "\\n")""",
        """f("C:\\\\d\\\\nit\\'s \\"\\\\x\\"\\n")""",
    ),
    "strings of both quotes": ("f('a' \"b'c\")", "f('ab\\'c')"),
    # closers
    "bracket missing": ("1. f(1\n2. g()", "1. f(1)\n2. g()"),
    "quote and bracket missing": ('1. f("a b\n2. g()', '1. f("a b")\n2. g()'),
    "quote missing": ('1. f("a b)\n2. g()', '1. f("a b")\n2. g()'),
    "quote missing behind brackets": ('1. f("a (b)\n2. g()', '1. f("a (b)")\n2. g()'),
    "several missing": ('1. f([1, {"a": g(2\n2. g()', '1. f([1, {"a": g(2)}])\n2. g()'),
    "missing in the middle": ("1. f([1, 2)\n2. g()", "1. f([1, 2])\n2. g()"),
    "missing in a list with an apostrophe": ("1. f(['a', 'it's')\n2. g()", "1. f(['a', 'it\\'s'])\n2. g()"),
    "missing between names": ('a = f("x"\nb = g("y")', 'a = f("x")\nb = g("y")'),
    "missing before a thought": ("1. f(1\nThought: x\n2. g()", "1. f(1)\nThought: x\n2. g()"),
    "missing before a fence": ("1. f(1\n```", "1. f(1)\n"),
    "missing before join": ("1. f(1\njoin()", "1. f(1)\njoin()"),
    "missing before the mark": ("1. f(1<END_OF_PLAN>", "1. f(1)"),
    "missing before the mark below": ("1. f(1\n<END_OF_PLAN>", "1. f(1)\n"),
    "missing behind a comment": ("1. f(1 # one\n2. g()", "1. f(1) # one\n2. g()"),
    # arguments
    "colon": ("f(a: 'x', b='y', c: $1)", "f(a='x', b='y', c=$1)"),
    "colon and words": ("f(city: Paris)", 'f(city="Paris")'),
    "a colon in a title": ("search(Alien: Resurrection)", 'search("Alien: Resurrection")'),
    "words": ("search(In Cold Blood)", 'search("In Cold Blood")'),
    "a word": ("search(Haywire)", 'search("Haywire")'),
    "words and a comma": ("search(Paris, Texas)", 'search("Paris, Texas")'),
    "a word and a number": ("f(Paris, 3)", 'f("Paris", 3)'),
    "words that are operators": ("search(Live and Let Die)", 'search("Live and Let Die")'),
    "words with a dash": ("search(Star Wars - A New Hope)", 'search("Star Wars - A New Hope")'),
    "words with an apostrophe": ("search(Schindler's List)", 'search("Schindler\'s List")'),
    "words with an apostrophe in front": ("search(Hang 'Em High)", 'search("Hang \'Em High")'),
    "words with quotes": ('search(the "best" film)', 'search("the \\"best\\" film")'),
    "words with a number sign": ("search(Love Potion #9)\nf()", 'search("Love Potion #9")\nf()'),
    "a word with a number sign": ("search(C# language)\n2. f()", 'search("C# language")\n2. f()'),
    "words with brackets": ("search(Batman (1989))", 'search("Batman (1989)")'),
    "brackets and words": ("search((500) Days of Summer)", 'search("(500) Days of Summer")'),
    "words of other scripts": ("search(Am\u00e9lie, \u65e5\u672c)", 'search("Am\u00e9lie, \u65e5\u672c")'),
    "words in a list and a mapping": ("f([Rome, 'Bern'], {\"a\": Oslo})", 'f(["Rome", \'Bern\'], {"a": "Oslo"})'),
    "words with a reference": ("f($1 divided by 2 km)", 'f("$1 divided by 2 km")'),
    "numbers side by side": ("search(8 12)", 'search("8 12")'),
    "date": ("f(2023-10-05)", 'f("2023-10-05")'),
    "date beside damage": ("f(2023-10-12, 'it's')", "f(\"2023-10-12\", 'it\\'s')"),
    "time": ("f(09:30, 10/05/2023)", 'f("09:30", "10/05/2023")'),
    "leading zero": ("f(zip=02139)", 'f(zip="02139")'),
    "thousands": ("f(1,000)", 'f("1,000")'),
    "thousands with a name": ("f(amount=1,234,567.50, b=2)", 'f(amount="1,234,567.50", b=2)'),
    "tuple": ("f((3, 4), b=('x', 'it's'))", "f([3, 4], b=['x', 'it\\'s'])"),
    # full width
    "comma of full width": ('f("a"\uff0c2\u3001\u300cb\u300d)', 'f("a",2,"b")'),
    "comma of full width in a text": (
        "search(\u6771\u4eac\uff0c\u5927\u962a)",
        'search("\u6771\u4eac\uff0c\u5927\u962a")',
    ),
    # tails
    "arrow": ("1. f(1) -> the height\n2. g()", "1. f(1)\n2. g()"),
    "fence behind": ("1. f(1)```", "1. f(1)"),
    "full stop": ("1. f(1).", "1. f(1)"),
    "mark behind": ("1. f(1)<END_OF_PLAN>\nx", "1. f(1)\n"),
    "mark not glued": ("1. join() <END_OF_PLAN>", "1. join() "),
    "two on a line": ("1. f('a's') 2. g(1), 3. h()", "1. f('a\\'s')\n2. g(1)\n3. h()"),
    # join
    "finish": ('1. f()\n2. finish("$1")', '1. f()\n2. join("$1")'),
    "Finish": ("1. f()\nFinish($1)", "1. f()\njoin($1)"),
    "join without brackets": ("1. f()\n3. join", "1. f()\n3. join()"),
    "join without brackets, marked": ("1. f()\n3. join<END_OF_PLAN>", "1. f()\n3. join()"),
    "text after join": ("join()\nf()\n\nThought: x", "join()\n"),
    "text after the mark": ("join()<END_OF_PLAN> bye\n1. f()", "join()<END_OF_PLAN> "),
}
"""Texts, and the same with the edits of their warnings made."""

REFUSED = {
    "placeholder": ("book(flight=<best flight>)", "E179"),
    "placeholder with an apostrophe": ("book(flight=<the user's flight>)", "E179"),
    "tail with if": ('buy("x") if price is low', "E175"),
    "tail with unless": ('buy("x") unless it is dear', "E177"),
    "tail with when": ('buy("x") when cheap', "E177"),
    "tail with an option": ('buy("x") @soon', "E190"),
    "tail with an operator": ('buy("x") +', "E184"),
    "tail with words": ('1. buy("x") please', "E160"),
    "operator behind a damaged string": ("f('it's' if $1 else 'b')", "E125"),
    "operator before a damaged string": ("f('a' + 'it's')", "E125"),
    "unclosed at the end": ("transfer(amount=100", "E120"),
    "unclosed string at the end": ('transfer(to="Bob', "E121"),
    "an argument inside": ('f(a="x, b="y")', "E125"),
    "a quote before a name": ("send('receiver='Bob', message='x')", "E125"),
    "a quote behind words": ('f(a=x", b="y")', "E121"),
    "two calls without numbers": ("f() g()", "E124"),
    "closer too many": ("f(1))", "E123"),
    "operator of another language": ("f($1 && $2)", "E177"),
    "unpacked": ("f(**x)", "E198"),
    "generator": ("f(x for x in y)", "E199"),
    "method": ('f($d.get("k"), Paris)', "E188"),
    "method behind steps": ("f($d.k[0].upper())", "E188"),
    "mapping of a loop": ("f({x: 1 for x in $y})", "E199"),
    "a loop beside others": ("f([1, $x for x in $y])", "E199"),
    "third bound": ("f($x[1:2:3])", "E128"),
    "quotes in a loop": ("f(['it's' for x in $xs])", "E125"),
    "key without quotes": ("f({a: 1})", "E174"),
    "words over lines": ("f(Paris\nTexas)", "E175"),
    "a name of a task above": ("a = f()\ng(a)", "E175"),
    "the field of a task above": ("a = f()\ng(a.city)", "E175"),
    "argument twice": ("f(x='it's', x=2)", "E171"),
    "header": ('use "tools.py"', "E134"),
    "a quotation that may go on": ('f("say \\"hi\\")', "E121"),
    "a quotation or a path": ('f("say \\"hi\\", "x")', "E125"),
    "an operator behind a backslash": ('f("5\\" + "6")', "E125"),
    "open and asking for more": ("1. f(1,\n2. g()", "E120"),
    "unclosed over lines": ("1. f('a\nb\n2. g()", "E121"),
    "calls too deep": (f"1. {'f(' * 33}{')' * 33}", "E109"),
    "lists too deep": (f"a = {'[' * 33}{']' * 33}", "E109"),
    "too deep behind a damaged head": (f"Step 1: f({'[' * 32}{']' * 32})", "E109"),
}
"""Texts that are not mended, and the code that says so."""

MOVED = {
    "line break",
    "line break at the end",
    "line break, CRLF",
    "numbered lines in a string",
    "lines and apostrophes",
    "apostrophe in front",
    "arrow",
    "two on a line",
    *(name for name in MENDED if "missing" in name or "backslash at the end" in name),
}
"""Those of MENDED in which a repair decides where a statement begins or ends."""


def lenient(text: str) -> Parsed:
    """A model's text, read."""
    return parse(text, mode="lenient")


def edited(parsed: Parsed) -> str:
    """A text with the edits of its warnings made."""
    edits: list[Edit] = [found.edit for found in parsed.diagnostics if found.severity == "warning" and found.edit]
    text = parsed.source.text
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text
