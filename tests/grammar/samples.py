"""Plans of every kind, good and bad, that several tests read."""

GLANCE = """\
# compare.llmc: which mountain is higher, and by how much?
use "atlas.py"                                      # tools (plan files only)
input first: str = "Mount Everest"                  # a parameter with a default
input second: str = "Kilimanjaro"

Thought: both heights are needed before anything else
a = height($first) @timeout(5s) @retry(2)           # a task, named
b = height($second) @timeout(5s) @retry(2)
gap = subtract(larger($a, $b), smaller($a, $b))     # calls nest
winner = $first if $a > $b else $second             # expressions
facts = search($name) for name in [$first, $second] # one call per element, at the same time
note("${winner} is higher by $gap m") if $gap > 1000  # only if
join("$winner, by $gap m")                          # the plan's value
"""

MODEL = """\
Thought: find both, then compare
1. search("Mount Everest")
2. search("Kilimanjaro")
3. math("difference of the heights in metres", context=["$1", "$2"])
4. join()<END_OF_PLAN>
"""

GOOD = {
    "glance": GLANCE,
    "model": MODEL,
    "no newline at the end": "1. f()\n2. join()<END_OF_PLAN>",
    "empty": "",
    "blank": "\n  \n# nothing\n\t\n",
    "CRLF": 'a = f(1,\r\n  2)\r\n\r\nb = """x\r\ny"""\r\njoin($b)\r\n',
    "mark": "\ufefff()\n",
    "several lines": "a = f(\n  [1,\n  2], # why not\n\n  x=3,\n)\njoin(\n$a)",
    "keywords that look like tasks": "a = f(\n  b = g(1),\n  c = h(2)\n)\n",
    "task in a string": 'a = f("""\nb = g(\n1. h(\n""")\nc = "x\\\ny = z(" # "\n',
    "not ASCII": "# é ü\nThought: 日本 “quoted”\n1. f(\"日本 😀\", 'é')\n",
    "words": "not(1) == 2\nnull == 1\nf(null=1, not=2, if=3)\n$a not in [1]\nin_(1)\n",
    "steps": 'f($a).b[0]["c.d"][$k][1:][:$n + 1] @retry(1)\n("x$y")[:4]\n[1, 2][-1]\n{"a": 1}["a"]\n$x[("$key")]\n',
    "steps over lines": "a = f($xs[\n  $i +\n  1 # the next\n][\n0:\n2])\n",
    "lists in place": "f([g($x) for x in $xs if $x > 1 for y in $x], sum([$n for n in $ns]))\n"
    "$y for x in $xs if $x for y in [$x] @fallback(null)\n[1 if $x else 2\n for x in $xs]\n",
    "formats": 'f("${a:,.2f} ${b.c[0]:>8}", "${d:<+08_.3e}", """${e:.0%}""")\n',
}
"""Plans without a mistake."""

BAD = {
    "unclosed among others": "a = f(1,\nb = g(2)\nc = h(3)\njoin($c)\n",
    "unclosed at the end": 'a = f(1\nb = g("x"\n',
    "unclosed string": 'a = f("x\n  1)\nb = g(2)\n',
    "unclosed long string": 'a = f("""x\nb = g(2)\nc = """y"""\n',
    "long string out of step": 'a = "x"""\nb = g(2)\n',
    "task in a string of an unclosed statement": 'a = f("""\nb = c(1)\n""",\nd = g(2)\ne = h(3)\n',
    "brackets": "a = (1]\nb = [1, (2]\n]\nc = g(1))\nd = 1\n1) f()\n",
    "characters": "a = “x”\nb = é + ñ\nc = 1 \x00\x01 2\n# \u202e\nd = 1\r + 2\n",
    "after join": "join()\nf()\nThought: x\njoin()\n<END_OF_PLAN>\n",
    "marks": "join() <END_OF_PLAN>\n",
    "order": 'f()\nuse "x.py"\ninput y\n',
    "syntax": "1. f(\n2. f(a b)\nx = 1 if\nf() @retry\nf() g()\n",
    "meaning": "007\nf(a=1, a=2)\n10000. f()\n1 < 2 < 3\n",
    "dollars": '"$5M ${} ${1} $1"\n"${a b}"\n',
    "blocks": "for x in xs:\n  y = f(x)\nelse:\n  h()\nk($y)\nif (a) {\n  b = f();\n}\nk($b)\n@tool\ndef f():\n  1\n",
    "comments": "/*\n it's\n*/\na = f() // it's\n-- c\n; d\nNote: e\n",
    "names": "let a = 5; b = 6\n$c = f()\nd, e = g()\nf := 1\ng: h(1)\n1. x = f()\nf($a, $b, $c, $d, $e)\n",
    "header of another language": 'use t.py\ninput str a\ninput b: str | None\ninput c, d\nUse "x.py"\n',
    "values of another language": "f(f\"{a}\", r'\\d', `b`)\n(1, 2)\n$a.b(1)\nx ? 1 : 2\nf(*a)\n$a | b\nawait f()\n",
    "steps": "f($a[])\n$a[b].c\n$a[1:2:3]\n$a[:]\nf() .b\n$a[0][1][2][3][4][5][6][7][8]\n$a[$b\nc = 1\n",
    "loops": "f($x for x in $xs)\n{$k: $v for k in $ks}\n[1, $x for x in $xs]\n[$x if $y for x in $xs]\n"
    "f($x) for x, y in $z\n",
    "methods": '$a.strip().upper()\nf($b).get("c")\n", ".join($d)\n[1].append(2)\n$e[0].nothing(1)\n',
    "formats": '"${a:2 digits} ${b!r} ${c:} ${d:101}"\n',
    "half pairs": '"\\ud83d"\n"\\ude00 \\q"\n',
}
"""Plans with mistakes."""
