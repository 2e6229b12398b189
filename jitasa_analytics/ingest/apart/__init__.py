"""Readers of files in a process of their own, with limits: it may die of a file, the import lives.

This folder is run as a program (``python -I …/apart``). Its modules import nothing of the package but
each other, so that the program starts at once. Formulas and macros are never run.
"""
