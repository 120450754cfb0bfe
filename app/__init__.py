"""Revwright, a GitHub App that reviews pull requests. Imports point down only:

cli
web | workers          entry points: translate, call, answer
wiring                 the only place that names concrete adapters
settings               the environment, read once
usecases | adapters    siblings; neither imports the other
ports                  what use cases need, in the words of the domain
domain                 values and pure decisions, standard library only
"""

VERSION = "0.1.0"
