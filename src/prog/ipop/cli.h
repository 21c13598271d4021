/* cli.h - the command line as a table: verbs, their arguments and options, help and examples.
 *
 * One table drives the parser, every error message and every help text, so none of them can know
 * something that the others do not. Nothing here acts: cli_parse() says which verb is meant, and
 * main() runs it.
 */
#ifndef PROG_IPOP_CLI_H
#define PROG_IPOP_CLI_H

#include "group/complaint.h"
#include "prog/exit_code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CLI_ARGUMENTS_MAX 4
#define CLI_OPTIONS_MAX 32     /* given at once */
#define CLI_ROOT_CHARS_MAX 900 /* the files below it have room for the rest of FILE_PATH_BYTES */

struct cli_option {
	const char *name;  /* without the dashes; NULL ends a list */
	const char *value; /* what its value is called; NULL: it takes none */
	const char *help;
	char letter; /* the short form; 0: none */
	bool many;   /* may be given several times */
	bool needed; /* the verb refuses to do without, as its help says */
};

struct cli;

struct cli_verb {
	const char *section;    /* of the overview */
	const char *verb, *sub; /* "group", "sign"; sub is NULL for a verb of one word */
	const char
		*arguments; /* "NAME CSR", "[NET]": those in brackets may be missing, at the end */
	const struct cli_option *options;
	bool reads;          /* takes --json */
	bool has_keys;       /* private keys or secrets pass through its memory */
	const char *help;    /* one line of the overview */
	const char *detail;  /* paragraphs, between empty lines */
	const char *example; /* one command */
	enum exit_code (*run)(const struct cli *cli);
};

struct cli {
	const struct cli_verb *verb; /* NULL: nothing to run but the overview */
	const char *topic;           /* without a verb: a first word that needs a second, or NULL */
	bool help, version, json;
	const char *root; /* without a slash at its end; "": the whole system */
	const char *arguments[CLI_ARGUMENTS_MAX];
	size_t argument_count;
	struct {
		const struct cli_option *option;
		const char *value; /* "" where it takes none */
	} options[CLI_OPTIONS_MAX];
	size_t option_count;
};

/* What every verb takes. */
extern const struct cli_option cli_globals[];

/* A table that ends with a verb without a name. */
const struct cli_verb *cli_find(const struct cli_verb *verbs, const char *verb, const char *sub);

/* Reads the words behind the program's name, which end with NULL; they are borrowed, and slashes at
 * the end of the root are cut off in place. 0, or ERR_MALFORMED with what was wrong; `ret` then
 * says how far it came. */
int cli_parse(const struct cli_verb *verbs, char **words, struct cli *ret,
	      struct complaint *complaint);

/* The n-th value that an option was given, or NULL. */
const char *cli_value(const struct cli *cli, const char *option, size_t n);
bool cli_has(const struct cli *cli, const char *option);

/* The n-th argument, or NULL. */
const char *cli_argument(const struct cli *cli, size_t n);

/* The overview of all verbs; with a topic, of those that begin with this word. */
void cli_print_overview(const struct cli_verb *verbs, const char *topic, FILE *out);

/* All about one verb. */
void cli_print_help(const struct cli_verb *verb, FILE *out);

#endif
