"""Large delimited files, block by block: what is plainly right goes straight to the store.

A cell in the one form that needs no thought is read by compiled code; a text that stands in many
cells is read once by the rules of the careful lane. Every row with anything else in it goes the
careful way whole, so that both lanes say and keep the same.
"""
