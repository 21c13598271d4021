/* cli.c - see cli.h. */
#include "prog/ipop/cli.h"

#include "base/err.h"
#include "group/nearest.h"
#include "group/text.h"

#include <string.h>

#define HELP_COLUMNS 78
#define NAME_COLUMNS 23 /* of options, before what they do */

enum { GLOBAL_ROOT, GLOBAL_JSON, GLOBAL_HELP, GLOBAL_VERSION, GLOBALS };

const struct cli_option cli_globals[] = {
	[GLOBAL_ROOT] = { .name = "root",
			  .value = "DIR",
			  .help = "Use DIR/etc/ipop, DIR/var/lib/ipop and DIR/run/ipop." },
	[GLOBAL_JSON] = { .name = "json",
			  .help = "Print JSON with a versioned schema (verbs that read).",
			  .many = true },
	[GLOBAL_HELP] = { .name = "help",
			  .help = "Explain the verb, with an example.",
			  .letter = 'h',
			  .many = true },
	[GLOBAL_VERSION] = { .name = "version",
			     .help = "Show the version, as the verb does.",
			     .letter = 'V',
			     .many = true },
	[GLOBALS] = { .name = NULL },
};

/* --- the verb --- */

/* What is being parsed. */
struct parser {
	const struct cli_verb *verbs;
	struct cli *cli;
	struct complaint *complaint;
};

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

const struct cli_verb *cli_find(const struct cli_verb *verbs, const char *verb, const char *sub)
{
	for (; verbs->verb != NULL; verbs++)
		if (same(verbs->verb, verb) && same(verbs->sub, sub))
			return verbs;
	return NULL;
}

static bool is_topic(const struct cli_verb *verbs, const char *word)
{
	for (; verbs->verb != NULL; verbs++)
		if (verbs->sub != NULL && same(verbs->verb, word))
			return true;
	return false;
}

static int refuse_verb(const struct parser *p, const char *word)
{
	const char *const topic = p->cli->topic;
	const char *const before = topic != NULL ? topic : "";
	const char *const space = topic != NULL ? " " : "";
	struct nearest nearest = nearest_of(span_text(word));

	for (const struct cli_verb *v = p->verbs; v->verb != NULL; v++) {
		if (topic == NULL)
			nearest_try(&nearest, v->verb);
		else if (v->sub != NULL && same(v->verb, topic))
			nearest_try(&nearest, v->sub);
	}
	if (nearest.best == NULL)
		return complain(p->complaint, ERR_MALFORMED,
				"there is no verb \"%s%s%.40s\"; ipop %s%s--help lists them",
				before, space, word, before, space);
	return complain(p->complaint, ERR_MALFORMED,
			"there is no verb \"%s%s%.40s\"; did you mean \"%s%s%s\"?", before, space,
			word, before, space, nearest.best);
}

/* A word that is no option: the verb, its second word, or an argument. */
static int take_word(const struct parser *p, const char *word)
{
	struct cli *const cli = p->cli;

	if (cli->verb != NULL) {
		if (cli->argument_count == CLI_ARGUMENTS_MAX)
			return complain(p->complaint, ERR_MALFORMED, "too many arguments");
		cli->arguments[cli->argument_count++] = word;
		return 0;
	}
	if (cli->topic == NULL && same(word, "help")) {
		cli->help = true;
		return 0;
	}
	cli->verb = cli->topic == NULL ? cli_find(p->verbs, word, NULL)
				       : cli_find(p->verbs, cli->topic, word);
	if (cli->verb != NULL)
		return 0;
	if (cli->topic != NULL || !is_topic(p->verbs, word))
		return refuse_verb(p, word);
	cli->topic = word;
	return 0;
}

/* --- options --- */

static const struct cli_option no_options[] = { { .name = NULL } };

static const struct cli_option *options_of(const struct cli *cli)
{
	return cli->verb != NULL && cli->verb->options != NULL ? cli->verb->options : no_options;
}

/* Whether this is the option that `word`, as "--days=3", "-c" or "-c3", names. */
static bool names(const struct cli_option *option, const char *word)
{
	const size_t len = strlen(option->name);

	if (word[1] != '-')
		return option->letter != 0 && word[1] == option->letter &&
		       (word[2] == '\0' || option->value != NULL);
	return strncmp(word + 2, option->name, len) == 0 &&
	       (word[2 + len] == '\0' || word[2 + len] == '=');
}

static const struct cli_option *find_option(const struct cli_option *options, const char *word)
{
	for (; options->name != NULL; options++)
		if (names(options, word))
			return options;
	return NULL;
}

static int refuse_option(const struct parser *p, const char *word)
{
	const char *const name = word[1] == '-' ? word + 2 : word + 1;
	const struct cli_verb *const verb = p->cli->verb;
	struct nearest nearest = nearest_of(span_of(name, strcspn(name, "=")));

	for (const struct cli_option *o = options_of(p->cli); o->name != NULL; o++)
		nearest_try(&nearest, o->name);
	for (const struct cli_option *o = cli_globals; o->name != NULL; o++)
		nearest_try(&nearest, o->name);
	return complain(p->complaint, ERR_MALFORMED, "%s%s%s%sthere is no option %.40s%s%s%s",
			verb == NULL ? "" : verb->verb, verb == NULL || !verb->sub ? "" : " ",
			verb == NULL || !verb->sub ? "" : verb->sub, verb == NULL ? "" : ": ", word,
			nearest.best == NULL ? "" : "; did you mean --",
			nearest.best == NULL ? "" : nearest.best, nearest.best == NULL ? "" : "?");
}

static int take_root(const struct parser *p, char *value)
{
	size_t len = strlen(value);

	if (len == 0) /* an unset variable of a script must not mean the system */
		return complain(p->complaint, ERR_MALFORMED,
				"--root: the folder is empty; for the system itself leave it away");
	if (len > CLI_ROOT_CHARS_MAX)
		return complain(p->complaint, ERR_MALFORMED,
				"--root: the path is longer than %d characters",
				CLI_ROOT_CHARS_MAX);
	while (len > 0 && value[len - 1] == '/')
		value[--len] = '\0';
	p->cli->root = value;
	return 0;
}

static int store_option(const struct parser *p, const struct cli_option *option, char *value)
{
	struct cli *const cli = p->cli;
	int err = 0;

	if (!option->many && cli_has(cli, option->name))
		return complain(p->complaint, ERR_MALFORMED, "--%s stands twice", option->name);
	if (cli->option_count == CLI_OPTIONS_MAX)
		return complain(p->complaint, ERR_MALFORMED, "too many options");
	if (option == &cli_globals[GLOBAL_ROOT])
		err = take_root(p, value);
	else if (option == &cli_globals[GLOBAL_JSON])
		cli->json = true;
	else if (option == &cli_globals[GLOBAL_HELP])
		cli->help = true;
	else if (option == &cli_globals[GLOBAL_VERSION])
		cli->version = true;
	cli->options[cli->option_count].option = option;
	cli->options[cli->option_count++].value = value;
	return err;
}

/* Takes an option and, if it has one, its value, which may be the next word. */
static int take_option(const struct parser *p, char ***words)
{
	static char none[] = "";
	char *const word = *(*words)++;
	char *const equals = word[1] == '-' ? strchr(word, '=') : NULL;
	const struct cli_option *option = find_option(options_of(p->cli), word);

	if (option == NULL)
		option = find_option(cli_globals, word);
	if (option == NULL)
		return refuse_option(p, word);
	if (option->value == NULL)
		return equals == NULL ? store_option(p, option, none)
				      : complain(p->complaint, ERR_MALFORMED, "--%s takes no value",
						 option->name);
	if (equals != NULL)
		return store_option(p, option, equals + 1);
	if (word[1] != '-' && word[2] != '\0')
		return store_option(p, option, word + 2);
	if (**words == NULL)
		return complain(p->complaint, ERR_MALFORMED, "--%s needs a value: --%s %s",
				option->name, option->name, option->value);
	return store_option(p, option, *(*words)++);
}

/* --- the whole --- */

/* The n-th argument as the table calls it, with its brackets; false if there are fewer. */
static bool argument_name(const struct cli_verb *verb, size_t n, struct span *ret)
{
	struct span rest = span_text(verb->arguments);

	for (size_t i = 0; text_next(&rest, ' ', ret); i++)
		if (i == n)
			return true;
	return false;
}

static int check_arguments(const struct parser *p)
{
	const struct cli *const cli = p->cli;
	struct span name;

	if (cli->argument_count > 0 && !argument_name(cli->verb, cli->argument_count - 1, &name))
		return complain(p->complaint, ERR_MALFORMED, "\"%.40s\" is one argument too many",
				cli->arguments[cli->argument_count - 1]);
	if (argument_name(cli->verb, cli->argument_count, &name) && name.data[0] != '[')
		return complain(p->complaint, ERR_MALFORMED, "%.*s is missing: ipop %s%s%s %s",
				(int)name.len, (const char *)name.data, cli->verb->verb,
				cli->verb->sub != NULL ? " " : "",
				cli->verb->sub != NULL ? cli->verb->sub : "", cli->verb->arguments);
	if (cli->json && !cli->verb->reads)
		return complain(p->complaint, ERR_MALFORMED,
				"--json is for verbs that read, and this one does not");
	return 0;
}

int cli_parse(const struct cli_verb *verbs, char **words, struct cli *ret,
	      struct complaint *complaint)
{
	const struct parser p = { .verbs = verbs, .cli = ret, .complaint = complaint };
	bool options = true;
	int err = 0;

	*ret = (struct cli){ .root = "" };
	while (err == 0 && *words != NULL) {
		if (options && same(*words, "--")) {
			options = false;
			words++;
		} else if (options && (*words)[0] == '-' && (*words)[1] != '\0') {
			err = take_option(&p, &words);
		} else {
			err = take_word(&p, *words++);
		}
	}
	if (err != 0 || ret->help || ret->version)
		return err;
	if (ret->verb == NULL && ret->topic != NULL)
		return complain(complaint, ERR_MALFORMED,
				"\"%s\" needs a second word; ipop %s --help lists them", ret->topic,
				ret->topic);
	return ret->verb == NULL ? 0 : check_arguments(&p);
}

const char *cli_value(const struct cli *cli, const char *option, size_t n)
{
	for (size_t i = 0; i < cli->option_count; i++)
		if (strcmp(cli->options[i].option->name, option) == 0 && n-- == 0)
			return cli->options[i].value;
	return NULL;
}

bool cli_has(const struct cli *cli, const char *option)
{
	return cli_value(cli, option, 0) != NULL;
}

const char *cli_argument(const struct cli *cli, size_t n)
{
	return n < cli->argument_count ? cli->arguments[n] : NULL;
}

/* --- help --- */

/* Words, broken into lines that begin `indent` columns from the left; the first one is there. */
static void print_words(struct span rest, size_t indent, FILE *out)
{
	size_t column = indent;
	struct span word;
	bool first = true;

	while (text_next(&rest, ' ', &word)) {
		if (!first && column + 1 + word.len > HELP_COLUMNS) {
			(void)fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
		}
		(void)fprintf(out, "%s%.*s", first ? "" : " ", (int)word.len,
			      (const char *)word.data);
		column += word.len + (first ? 0 : 1);
		first = false;
	}
	(void)fputc('\n', out);
}

static void print_options(const struct cli_option *options, FILE *out)
{
	for (; options->name != NULL; options++) {
		char name[64];
		int len;

		if (options->letter != 0)
			len = snprintf(name, sizeof(name), "-%c, --%s", options->letter,
				       options->name);
		else
			len = snprintf(name, sizeof(name), "--%s", options->name);
		if (options->value != NULL && len > 0 && (size_t)len < sizeof(name))
			(void)snprintf(name + len, sizeof(name) - (size_t)len, " %s",
				       options->value); /* the table's names are short */
		(void)fprintf(out, "  %-*s ", NAME_COLUMNS, name);
		print_words(span_text(options->help), NAME_COLUMNS + 3, out);
	}
}

static void print_name(const struct cli_verb *verb, FILE *out)
{
	(void)fprintf(out, "ipop %s%s%s", verb->verb, verb->sub != NULL ? " " : "",
		      verb->sub != NULL ? verb->sub : "");
}

void cli_print_overview(const struct cli_verb *verbs, const char *topic, FILE *out)
{
	const char *section = NULL;

	if (topic == NULL)
		(void)fputs("ipop - private networks of machines behind any NAT, with no server "
			    "between them\n",
			    out);
	else
		(void)fprintf(out, "ipop %s VERB [ARGUMENT...] [OPTION...]\n", topic);
	for (; verbs->verb != NULL; verbs++) {
		char name[64];

		if (topic != NULL && !same(verbs->verb, topic))
			continue;
		if (!same(section, verbs->section))
			(void)fprintf(out, "\n%s\n", verbs->section);
		section = verbs->section;
		(void)snprintf(name, sizeof(name), "%s%s%s %s", verbs->verb,
			       verbs->sub != NULL ? " " : "", verbs->sub != NULL ? verbs->sub : "",
			       verbs->arguments); /* the table's names are short */
		if (strlen(name) >= NAME_COLUMNS) /* what it does stands below it */
			(void)fprintf(out, "  %s\n%*s", name, NAME_COLUMNS + 3, "");
		else
			(void)fprintf(out, "  %-*s ", NAME_COLUMNS, name);
		print_words(span_text(verbs->help), NAME_COLUMNS + 3, out);
	}
	(void)fputs("\nWith every verb\n", out);
	print_options(cli_globals, out);
	(void)fputs("\nNET may be left out where there is only one network.\n"
		    "Exit codes: 0 ok, 1 failure, 2 usage, 3 daemon not running, 4 not joined,\n"
		    "5 no reply, 6 reply but not direct, 7 denied, 8 certificate problem.\n",
		    out);
}

/* "ipop group create NAME --bootstrap HOST:PORT [OPTION...]" */
static void print_synopsis(const struct cli_verb *verb, FILE *out)
{
	print_name(verb, out);
	(void)fprintf(out, "%s%s", verb->arguments[0] != '\0' ? " " : "", verb->arguments);
	for (const struct cli_option *o = verb->options; o != NULL && o->name != NULL; o++)
		if (o->needed)
			(void)fprintf(out, " --%s %s", o->name, o->value);
	(void)fprintf(out, "%s\n", verb->options != NULL ? " [OPTION...]" : "");
}

void cli_print_help(const struct cli_verb *verb, FILE *out)
{
	struct span rest = span_text(verb->detail);
	struct span paragraph;

	print_synopsis(verb, out);
	while (text_next(&rest, '\n', &paragraph)) {
		(void)fputc('\n', out);
		print_words(paragraph, 0, out);
	}
	if (verb->options != NULL) {
		(void)fputs("\nOptions\n", out);
		print_options(verb->options, out);
	}
	(void)fprintf(out, "\nExample\n  %s\n", verb->example);
}
