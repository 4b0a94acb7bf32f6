"""Sums of products on stationary machines: Z = sum over terms i of A_i B_i.

``along``: each term has inputs of its own (terms in number formats of their own). Terms lie one after the other along K and run as
one product whose windows differ.

Everything else: all terms multiply the same inputs, B_i = B (a series of structured terms). Inputs and partial sums stay in place
while one term after the other passes over them.
"""
