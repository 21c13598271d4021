/* options.c - see options.h: one table for the parser and for the help. */
#include "prog/ipop-sim/options.h"

#include "base/err.h"
#include "sim/script.h"

#include <string.h>

enum which { NODES, SEED, SCENARIO, JSON, HTML, JOURNAL, PLANT, QUIET, LIST, HELP, WHICHES };

static const struct {
	const char *name, *value, *help; /* value NULL: it takes none */
} table[WHICHES] = {
	[NODES] = { "--nodes", "N", "members, 2 to 20000; else as the scenario says" },
	[SEED] = { "--seed", "S", "what all chance is drawn from; 1 if not given" },
	[SCENARIO] = { "--scenario", "NAME|FILE", "what is played; --list shows the names" },
	[JSON] = { "--json", NULL, "print the figures as JSON (ipop.sim/1) instead of a table" },
	[HTML] = { "--html", "FILE", "write a page with plots and the ring" },
	[JOURNAL] = { "--journal", NULL, "print all that happens, instead of the figures" },
	[PLANT] = { "--plant", "BUG",
		    "plant a bug that must be found: twice, astray, blind, clear or mixed" },
	[QUIET] = { "--quiet", NULL, "no progress" },
	[LIST] = { "--list", NULL, "list the scenarios, and what a scenario may say" },
	[HELP] = { "--help", NULL, "show this" },
};

static int number(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (*text == 0)
		return ERR_MALFORMED;
	for (; *text != 0; text++) {
		const unsigned digit = (unsigned)*text - '0';

		if (digit > 9 || value > (max - digit) / 10)
			return ERR_MALFORMED;
		value = 10 * value + digit;
	}
	*ret = value;
	return 0;
}

/* `value` is "" where the option takes none. */
static int take(enum which which, const char *value, struct options *ret,
		struct complaint *complaint)
{
	uint64_t n = 0;

	switch (which) {
	case NODES:
		if (number(value, OPTIONS_NODES_MAX, &n) != 0 || n < 2)
			return complain(complaint, ERR_MALFORMED,
					"--nodes wants a number from 2 to %d instead of \"%s\"",
					OPTIONS_NODES_MAX, value);
		ret->nodes = (uint32_t)n;
		return 0;
	case SEED:
		if (number(value, INT64_MAX, &ret->seed) != 0)
			return complain(complaint, ERR_MALFORMED,
					"--seed wants a number instead of \"%s\"", value);
		return 0;
	case SCENARIO:
		ret->scenario = value;
		return 0;
	case HTML:
		ret->html = value;
		return 0;
	case PLANT:
		ret->plant = plant_find(value);
		if (ret->plant == PLANTS)
			return complain(complaint, ERR_MALFORMED,
					"--plant wants twice, astray, blind, clear or mixed "
					"instead of \"%s\"",
					value);
		return 0;
	case JSON:
		ret->json = true;
		return 0;
	case JOURNAL:
		ret->journal = true;
		return 0;
	case QUIET:
		ret->quiet = true;
		return 0;
	case LIST:
		ret->list = true;
		return 0;
	case HELP:
		ret->help = true;
		return 0;
	case WHICHES:
		break;
	}
	return 0;
}

static enum which find(const char *word)
{
	for (unsigned n = 0; n < WHICHES; n++)
		if (strcmp(table[n].name, word) == 0)
			return (enum which)n;
	return WHICHES;
}

int options_read(char **words, struct options *ret, struct complaint *complaint)
{
	*ret = (struct options){ .seed = 1 };
	for (; *words != NULL; words++) {
		const char *word = *words;
		const enum which which = find(word);
		const char *value = "";
		int err;

		if (which == WHICHES)
			return complain(complaint, ERR_MALFORMED,
					"\"%s\" is no option; --help shows them", word);
		if (table[which].value != NULL) {
			value = *++words;
			if (value == NULL)
				return complain(complaint, ERR_MALFORMED, "%s wants %s: %s", word,
						table[which].value, table[which].help);
		}
		err = take(which, value, ret, complaint);
		if (err != 0)
			return err;
	}
	if (ret->scenario == NULL && !ret->help && !ret->list)
		return complain(complaint, ERR_MALFORMED,
				"which scenario? For example: ipop-sim --scenario join-storm");
	return 0;
}

void options_print_help(FILE *out)
{
	(void)fputs("usage: ipop-sim --scenario NAME|FILE [options]\n\n"
		    "Plays a scenario: the daemon's own code, many times, on a simulated Internet "
		    "with a\n"
		    "clock of its own. The same seed plays the same, to the byte.\n\n",
		    out);
	for (unsigned n = 0; n < WHICHES; n++)
		(void)fprintf(out, "  %-10s %-10s %s\n", table[n].name,
			      table[n].value == NULL ? "" : table[n].value, table[n].help);
	(void)fputs(
		"\nExit status: 0 if all that was expected came true, 1 if not, 2 for a wrong "
		"command "
		"line\nor scenario. With --plant it is 0 if the bug was found.\n\n"
		"Example: ipop-sim --scenario join-storm --nodes 200 --seed 7 --html storm.html\n",
		out);
}
