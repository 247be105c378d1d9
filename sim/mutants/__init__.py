"""Bugs on purpose: do the tests that guard a promise turn red when the promise is broken?"""
