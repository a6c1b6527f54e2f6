"""What a joiner decides is found in its text, whatever stands around it."""

import json
from time import process_time

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_runtime.agent.decision import Finish, Replan, read_decision, schema


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


@pytest.mark.parametrize("piece", ["*", "\n", " ", "(", ")", "Action:", "finish ", "`>#- ", "Finish(", "thought "])
def test_long_garbage_costs_what_its_length_says(piece: str) -> None:
    """Eight times the letters cost at most 24 times the processor's time: a square would cost 64 times."""

    def seconds(length: int) -> float:
        began = process_time()
        read_decision(piece * (length // len(piece)))
        return process_time() - began

    floor = 0.002  # below that a reading is noise
    assert min(seconds(60_000) for _ in range(3)) <= 24 * max(min(seconds(7_500) for _ in range(3)), floor)


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
