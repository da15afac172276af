"""The two commands that move aliases, as the tests of kills give them."""

VERBS = {
    "promote": ["promote", "--reason", "fresher", "--by", "Ann", "--despite-verdict", "--json"],
    "rollback": ["rollback", "--reason", "a mistake", "--by", "Ann", "--json"],
}
