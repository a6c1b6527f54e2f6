"""Random conversations of an agent with its models, judged by what was meant in them.

`generator` makes a conversation (`Talk`): first the plans that are meant, as data, then replies that say them badly.
`model` says which writes follow from what was meant, `play` lets an agent have the conversation, and `judge` compares.
`python -m tests.agent.talks SEED` shows one conversation and its verdict.
"""
