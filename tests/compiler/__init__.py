"""Tests of the compiler."""

import pytest

pytest.register_assert_rewrite("tests.compiler.cases")
