"""Faults of planners and of their servers: whatever comes over the wire ends in an answer or a typed error.

The whole way is real but for the network and the model: a server on loopback, its client, the agent, tools that count.
"""
