"""What a joiner decides is found in its text, whatever stands around it."""

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_runtime.agent.joining.decision import read_decision, schema
from llmc_runtime.agent.joining.decisions import Finish, Replan
from tests.growth import is_linear


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Thought: x\nAction: Finish(Paris)", "Paris"),
        ("Action: Finish(First for Women (magazine))", "First for Women (magazine)"),
        ("Finish(First for Women (magazine))", "First for Women (magazine)"),
        ("Action: Finish(Replan the trip)", "Replan the trip"),
        ("Finish(Replan(x))", "Replan(x)"),
        ("Thought: done\nFinish(42)", "42"),
        ("**Action:** Finish(42)", "42"),
        ("- action 3: finish( 42 )", "42"),
        ("Action: Finish(one\ntwo\n\nthree)", "one\ntwo\n\nthree"),
        ("Action: Finish(one (1)\ntwo (2))\nObservation: and more (x)", "one (1)\ntwo (2)"),
        ("Action: Finish(Paris) because it is the capital.", "Paris"),
        ("Action: Finish(Paris).\nThat is all.", "Paris"),
        ("Action: Finish(Paris)<END_OF_RESPONSE>\n###", "Paris"),
        ("Action: Finish(1) Paris (city)\n2) London)", "1) Paris (city)\n2) London"),
        ("Action: Finish(it never ends", "it never ends"),
        ("Action: Finish[Paris]", "Paris"),
        ("Action: Finish[a [b] (c)]", "a [b] (c)"),
        ('Action: Finish("Paris")', "Paris"),
        ('Action: Finish("Paris" and "Rome")', '"Paris" and "Rome"'),
        ("Action: Finish()", ""),
        ("I would say Finish(Paris)", "Paris"),
        ("Action:\nFinish(Paris)", "Paris"),
        ('{"thought": "x", "action": "Finish", "text": "Replan(x)\\n(y"}', "Replan(x)\n(y"),
        ('```json\n{"text": "Paris", "action": "finish", "thought": ""}\n```', "Paris"),
        ('{"action": "Finish", "text": 42}\nAction: Finish(Paris)', "Paris"),
        ('{"thought": "cut off\nAction: Finish(Paris)', "Paris"),
    ],
)
def test_an_answer_is_read_whole(text: str, answer: str) -> None:
    """Brackets nest, lines are kept, labels may be missing, and what follows is left out."""
    found = read_decision(text)
    assert isinstance(found, Finish)
    assert found.text == answer


@pytest.mark.parametrize(
    ("text", "thought", "why"),
    [
        ("Thought: no height\nAction: Replan(look for Finish(ed) works)", "no height", "look for Finish(ed) works"),
        ("Thought 1: a\nb\nAction: Replan()", "a\nb", ""),
        ("we do not know. Action: Replan(again)", "we do not know.", "again"),
        ('{"thought": "no height", "action": "Replan", "text": "the height"}', "no height", "the height"),
    ],
)
def test_another_plan_is_asked_for(text: str, thought: str, why: str) -> None:
    """With the thought before it, and what is missing."""
    assert read_decision(text) == Replan(why, thought)


FORMS: list[tuple[str, str]] = [
    ("Final Answer: 42", "42"),
    ("**Final Answer:** 42", "42"),
    ("**Final Answer**: **42**", "42"),
    ("## Final Answer\n\n42\n", "42"),
    ("FINAL ANSWER:\n- a\n- b", "- a\n- b"),
    ("```\nFinal Answer: 42\n```", "42"),
    ("Final Answer:\n```json\n[1]\n```", "```json\n[1]\n```"),
    ("**Final Answer: 42**", "42"),
    ("***Final Answer: 42***", "42"),
    ("`Final Answer: 42`", "42"),
    ("- **Final Answer: 42** is known", "42 is known"),
    ("The final answer is: **42**", "42"),
    ("So, the answer is: 42", "42"),
    ("Final Answer: __init__", "__init__"),
    ("Final Answer: 42<|im_end|>", "42"),
    ("The answer is $\\boxed{42}$.", "42"),
    ("\\[\\boxed{\\text{Paris}}\\]", "Paris"),
    ("Final Answer: \\(\\boxed{\\frac{1}{2}}\\)", "\\frac{1}{2}"),
    ("Action: Finish(\\boxed{42})", "42"),
    ("Answer: Paris\nand Rome", "Paris\nand Rome"),
    ("Thought: it is. Final Answer: 42", "42"),
    ("Answer: maybe 3\nFinal Answer: 42", "42"),
    ("Final Answer: 42\nThought: done\nQuestion: what else?", "42"),
    ("Action: Finish: 42", "42"),
    ("action: **finish**: 42", "42"),
    ("Action: Finish 42", "42"),
    ('Action: Finish "42"', "42"),
    ("Finish: 42", "42"),
    ("Finish -> 42", "42"),
    ("Action: Finish\nAction Input: 42", "42"),
    ("**Action: Final Answer**\n**Action Input:** 42", "42"),
    ("Action: Finish\nFinal Answer: 42", "42"),
    ("Action: Finish - 42", "42"),
    ("Action: Finish -42", "-42"),
    ("Thought: known\nAction: Finish\nText: 42", "42"),
    ("- Action: Finish\n- **Text:** 42", "42"),
    ("<answer>42</answer>", "42"),
    ("It is known: <answer>42</answer>", "42"),
    ("<Finish>42</Finish>", "42"),
    ('Finish(answer="42")', "42"),
    ("Action: Finish(answer=42)", "42"),
    ("Action: Finish(answer: 42)", "42"),
    ('Action: Finish({"answer": 42})', "42"),
    ('functions.Finish({"text": "42"})', "42"),
    ("Action: Finish(**42**)", "42"),
    ("Finish(`42`)", "42"),
    ('Finish("""42""")', "42"),
    ("Finish('It's 42')", "It's 42"),
    ('final_answer("42")', "42"),
    ("Action: Answer[42]", "42"),
    ('3. join("42")', "42"),
    ("3. finish(42)", "42"),
    ("Final Answer: 42 (see Finish(x))", "42 (see Finish(x))"),
    ("Final Answer: Finish(42)", "42"),
    ("# Finish\n42", "42"),
    ("Action\uff1aFinish\uff0842 (km)\uff09", "42 (km)"),
    ('{"action": "Finish", "text": "42"}\n{"action": "Replan", "text": "c"}', "42"),
    ("Final Answer: those who finish (Bolt) get medals", "those who finish (Bolt) get medals"),
    ('{"answer": "42"}', "42"),
    ('{"answer": 42}', "42"),
    ('{"text": 42}', "42"),
    ('{"Final Answer": "42", "Thought": "known"}', "42"),
    ('{"action": "Finish", "text": "42"}', "42"),
    ('{"thought": "known", "action": "Finish", "text": 42}', "42"),
    ('{"action": "Finish", "text": ["a", true, null]}', '["a", true, null]'),
    ('{"action": "finish", "action_input": "42"}', "42"),
    ('{"action": "Final Answer", "action_input": {"answer": 42}}', "42"),
    ('{"thought": "known", "action": "Finish(42)"}', "42"),
    ('{"name": "finish", "arguments": {"answer": "42"}}', "42"),
    ('<tool_call>{"name": "Finish", "arguments": "{\\"text\\": 42}"}</tool_call>', "42"),
    ('{"finish": {"text": "42"}}', "42"),
    ('Here it is:\n```json\n{"answer": "42"}\n```', "42"),
    ('Final Answer: {"answer": 42}', "42"),
    ('{"answer": "one\ntwo"}', "one\ntwo"),
    ('{"answer": "42", "confidence": 0.9, "sources": ["1"]}', "42"),
    ('{"replan": false, "answer": "42"}', "42"),
    ('{"replan": null, "finalAnswer": 42}', "42"),
    ('{"finish": true, "answer": "42"}', "42"),
    ('{"answer": false}', "false"),
    ('{"tool_calls": [{"function": {"name": "finish", "arguments": "{\\"answer\\": 42}"}}]}', "42"),
    ("{'thought': 'known', 'action': 'Finish', 'text': '42'}", "42"),
    ('{thought: "known", "action": "Finish", "text": "42",}', "42"),
]
"""Answers in forms of other prompts."""


@pytest.mark.parametrize(("text", "answer"), FORMS)
def test_an_answer_in_another_form_is_read(text: str, answer: str) -> None:
    """Behind a label, in bold, in a fence, in JSON with other keys; and nothing of it counts inside of reasoning."""
    found = read_decision(text)
    assert isinstance(found, Finish)
    assert (found.text, found.is_unmarked) == (answer, False)
    assert read_decision(f"<think>\n{text}\n</think>\nAction: Finish(other)") == Finish("other")
    assert read_decision(f"<think>\n{text}") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Replan: the height", "the height"),
        ("Action: Replan: the height", "the height"),
        ("Action: Replan\nAction Input: the height", "the height"),
        ("Action: Replan", ""),
        ("Action: Replan.", ""),
        ("Replan", ""),
        ("Action: Re-plan(the height)", "the height"),
        ('Replan(reason="the height")', "the height"),
        ("Thought: open\nAction: Replan\nText: the height", "the height"),
        ('{"replan": true}', ""),
        ('{"replan": true, "missing": "the height"}', "the height"),
        ("Final Answer: Replan: the height", "the height"),
        ('{"replan": "the height"}', "the height"),
        ('{"action": "replan", "missing": "the height"}', "the height"),
        ('{"action": "Replan(the height)"}', "the height"),
    ],
)
def test_another_plan_in_another_form(text: str, why: str) -> None:
    """Is asked for as well."""
    found = read_decision(text)
    assert isinstance(found, Replan)
    assert found.text == why


@pytest.mark.parametrize(
    "text",
    [
        "Action: Finish",
        "Action: finish the search first",
        "Action: Answer the question with search",
        "Answer to it all",
        "The race will finish (as planned) at 5.",
        "They had to finish [it], and to replan (again).",
        "Action: Finish(the answer), or Replan(what is still missing)",
        "Action: Finish or Replan?",
        "It uses <answer> tags.",
        "\\boxed{42} was a guess, and more is needed.",
        '{"replan": false}',
        "Final Answer",
        "Replan: the height\nFinal Answer: 42",
        "Action: search\nAction Input: a\nObservation: 42\nThought: known\nFinal Answer: 42",
        '{"answer": "42", "unit": "m"}',
        '{"answer": null}',
        '{"text": "the height"}',
        '{"name": "search", "arguments": {"text": "a"}}',
        '{"answer": ' * 5_000,
    ],
)
def test_a_form_that_may_mean_something_else_decides_nothing(text: str) -> None:
    """A sentence, data, a call, or labels of both kinds; a text that may be the answer is, where only that counts."""
    assert read_decision(text) is None
    assert read_decision('{"text": "the height"}', final=True) == Finish("the height")


@pytest.mark.parametrize("text", [text for text, _ in FORMS if not text.endswith("}")])
def test_an_answer_behind_a_label_may_go_on(text: str) -> None:
    """So it does not count in a reply that was cut off."""
    assert read_decision(text, complete=False) is None


@pytest.mark.parametrize("text", ["", "Thought: hm", "The answer is Paris.", "Finishing (the) race", "Finish line"])
def test_a_text_may_decide_nothing(text: str) -> None:
    """Words that look like a decision are none without brackets."""
    assert read_decision(text) is None


@given(st.text(alphabet="ab (\n", max_size=30), st.integers(0, 3))
def test_what_is_balanced_comes_back(inside: str, depth: int) -> None:
    """Any text whose brackets are closed, at any depth, is the answer."""
    opened = inside.count("(")
    text = f"{'(' * depth}{inside}{')' * (opened + depth)}"
    found = read_decision(f"Thought: t\nAction: Finish({text})\n")
    assert found == Finish(text.strip(), "t")


@pytest.mark.parametrize(
    "piece",
    [
        "*",
        "\n",
        " ",
        "(",
        ")",
        "Action:",
        "finish ",
        "`>#- ",
        "Finish(",
        "thought ",
        "\nAnswer: ",
        "Final Answer: ",
        "\nFinal",
        '{"answer":',
        "<answer>",
        "\\boxed{",
        "the answer is",
        "{'a':",
        "join(",
    ],
)
def test_long_garbage_costs_what_its_length_says(piece: str) -> None:
    """Eight times the letters cost at most 24 times the processor's time: a square would cost 64 times."""
    small, large = (piece * (length // len(piece)) for length in (7_500, 60_000))
    assert is_linear(read_decision, small, large)


@given(st.text(), st.text(), st.sampled_from(["Finish", "Replan"]), st.booleans())
def test_what_follows_the_schema_is_read_letter_by_letter(thought: str, text: str, action: str, final: bool) -> None:
    """Whatever its texts are; only an answer is `final`."""
    decision = {"thought": thought, "action": action, "text": text}
    if final and action == "Replan":
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(decision, schema(final=final))
        return
    jsonschema.validate(decision, schema(final=final))
    kind = Finish if action == "Finish" else Replan
    assert read_decision(json.dumps(decision)) == kind(text, thought)
