"""What ``kantor`` does, one module per group of commands. Heavy imports stay inside
the functions.
"""
