/* main.c - ipop-man ipop|config: a manual page as scdoc(5) has them, from the tables that the
 * programs themselves go by; what no table says stands in files beside (doc/man), before and
 * behind.
 *
 * Runs while IPOP is built, and is not installed. A page can therefore not know another verb,
 * option or default than the program it is about. */
#include "base/check.h"
#include "group/config.h"
#include "prog/ipop/verbs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Text of a table: `code` becomes bold, and what is markup for scdoc is escaped. A line break
 * begins a paragraph. */
static void print_text(const char *text, const char *indent)
{
	bool code = false;

	(void)fputs(indent, stdout);
	for (; *text != '\0'; text++) {
		if (*text == '\n') {
			(void)printf("\n\n%s", indent);
		} else if (*text == '`') {
			code = !code;
			(void)putchar('*');
		} else {
			if (strchr("\\*_~<>#[]|.-", *text) != NULL)
				(void)putchar('\\');
			(void)putchar(*text);
		}
	}
	(void)fputs("\n\n", stdout);
	CHECK(!code);
}

/* A word that may be any, in one style. */
static void print_word(const char *word, char style)
{
	(void)putchar(style);
	for (; *word != '\0'; word++)
		(void)printf("\\%c", *word);
	(void)putchar(style);
}

/* --- ipop(1) --- */

static void print_option(const struct cli_option *option)
{
	if (option->letter != '\0')
		(void)printf("*\\-%c*, ", option->letter);
	(void)fputs("*\\-\\-", stdout);
	for (const char *c = option->name; *c != '\0'; c++)
		(void)printf("\\%c", *c);
	(void)putchar('*');
	if (option->value != NULL) {
		(void)putchar(' ');
		print_word(option->value, '_');
	}
	(void)putchar('\n');
	print_text(option->help, "\t");
}

static void print_verb(const struct cli_verb *verb)
{
	(void)printf("## ipop %s%s%s\n\n*ipop %s%s%s* ", verb->verb, verb->sub == NULL ? "" : " ",
		     verb->sub == NULL ? "" : verb->sub, verb->verb, verb->sub == NULL ? "" : " ",
		     verb->sub == NULL ? "" : verb->sub);
	if (verb->arguments[0] != '\0')
		print_word(verb->arguments, '_');
	(void)fputs(verb->options == NULL ? "\n\n" : " [OPTION...]\n\n", stdout);
	print_text(verb->detail, "");
	for (const struct cli_option *o = verb->options; o != NULL && o->name != NULL; o++)
		print_option(o);
	if (verb->reads)
		(void)fputs("Takes *\\-\\-json*.\n\n", stdout);
	(void)printf("Example:\n\n```\n%s\n```\n\n", verb->example);
}

static void print_verbs(void)
{
	(void)fputs("# OPTIONS\n\n", stdout);
	for (const struct cli_option *o = cli_globals; o->name != NULL; o++)
		print_option(o);
	(void)fputs("# VERBS\n\n", stdout);
	for (const struct cli_verb *verb = verbs; verb->verb != NULL; verb++)
		print_verb(verb);
}

/* --- ipop.conf(5) --- */

static void print_range(const struct config_option *option)
{
	switch (option->type) {
	case CONFIG_TYPE_NUMBER:
		(void)printf("\tA number from %u to %u\\.", option->min, option->max);
		break;
	case CONFIG_TYPE_WORD:
		(void)fputs("\tOne of", stdout);
		for (size_t i = 0; option->words[i] != NULL; i++) {
			(void)fputs(i == 0 ? " " : ", ", stdout);
			print_word(option->words[i], '*');
		}
		(void)putchar('.');
		break;
	case CONFIG_TYPE_RATE:
		(void)printf("\tBits per second from %uk to %uG, or *off*.", option->min,
			     option->max / 1000000);
		break;
	case CONFIG_TYPE_PREFIX:
		(void)printf("\tAn IPv4 prefix of /%u to /%u\\.", option->min, option->max);
		break;
	case CONFIG_TYPE_PATH:
		(void)printf("\tThe path of a program, of at most %u characters.", option->max);
		break;
	case CONFIG_TYPE_BOOTSTRAP:
		(void)printf("\tAt most %u lines.", option->max);
		break;
	}
	if (option->fallback != NULL) {
		(void)fputs(" Without this line: ", stdout);
		print_word(option->fallback, '*');
	}
	(void)fputs(option->is_live ? " A change counts after *ipop reload*."
				    : " A change counts from the next start on.",
		    stdout);
	(void)fputs("\n\n\tExample: ", stdout);
	print_word(option->name, '*');
	(void)fputs(" *=* ", stdout);
	print_word(option->example, '*');
	(void)fputs("\n\n", stdout);
}

static void print_config(void)
{
	(void)fputs("# OPTIONS\n\n", stdout);
	for (int id = 0; id < CONFIG_OPTIONS; id++) {
		const struct config_option *const option = config_option((enum config_option_id)id);

		print_word(option->name, '*');
		(void)putchar('\n');
		print_text(option->help, "\t");
		print_range(option);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "ipop") == 0)
		print_verbs();
	else if (argc == 2 && strcmp(argv[1], "config") == 0)
		print_config();
	else
		return EXIT_USAGE;
	return fflush(stdout) == 0 && ferror(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}
