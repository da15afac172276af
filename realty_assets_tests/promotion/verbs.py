"""The commands that move aliases, one after the other, as the tests of kills give them."""

VERBS = {
    "promote": ["promote", "--reason", "fresher", "--by", "Ann", "--despite-verdict", "--json"],
    "rollback": ["rollback", "--reason", "a mistake", "--by", "Ann", "--json"],
    "demote": ["demote", "--reason", "values are off", "--by", "Ann", "--json"],
    "return": ["rollback", "--reason", "they are right", "--by", "Ann", "--json"],
}
