/* test_cli.c - the command line of `ipop`: what it takes, how it refuses, what it explains. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "prog/ipop/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 80
#define TEXT_MAX 16384

/* Splits at spaces, as a shell would do without quotes, and parses. The texts live until the next
 * call. */
static int parse(const char *line, struct cli *ret, struct complaint *complaint)
{
	static char text[TEXT_MAX];
	char *words[WORDS_MAX];
	size_t count = 0;
	char *state = NULL;

	assert_true(snprintf(text, sizeof(text), "%s", line) < (int)sizeof(text));
	for (char *word = strtok_r(text, " ", &state); word != NULL;
	     word = strtok_r(NULL, " ", &state))
		words[count++] = word;
	words[count] = NULL;
	return cli_parse(verbs, words, ret, complaint);
}

static void expect(const char *line, const char *verb, const char *sub)
{
	struct complaint complaint = { "" };
	struct cli cli;

	if (parse(line, &cli, &complaint) != 0)
		fail_msg("%s: %s", line, complaint.text);
	assert_non_null(cli.verb);
	assert_ptr_equal(cli.verb, cli_find(verbs, verb, sub));
}

static void expect_refused(const char *line, const char *want)
{
	struct complaint complaint = { "" };
	struct cli cli;

	assert_int_equal(parse(line, &cli, &complaint), ERR_MALFORMED);
	assert_string_equal(complaint.text, want);
}

static void verbs_of_one_and_two_words(void **state)
{
	(void)state;
	expect("status", "status", NULL);
	expect("status lab", "status", NULL);
	expect("group create lab", "group", "create");
	expect("group sign lab -", "group", "sign");
	expect("ping beta", "ping", NULL);
	expect("ping beta lab", "ping", NULL);
}

static void options_stand_anywhere_behind_the_verb(void **state)
{
	struct complaint complaint;
	struct cli cli;

	(void)state;
	assert_int_equal(parse("--root /tmp/x group --json list lab --help", &cli, &complaint), 0);
	assert_ptr_equal(cli.verb, cli_find(verbs, "group", "list"));
	assert_true(cli.json);
	assert_true(cli.help);
	assert_string_equal(cli.root, "/tmp/x");
	assert_int_equal(parse("ping -c 5 beta", &cli, &complaint), 0);
	assert_string_equal(cli_value(&cli, "count", 0), "5");
	assert_string_equal(cli_argument(&cli, 0), "beta");
	assert_null(cli_argument(&cli, 1));
	assert_int_equal(parse("ping --count=5 beta", &cli, &complaint), 0);
	assert_string_equal(cli_value(&cli, "count", 0), "5");
	assert_int_equal(parse("ping -c5 beta", &cli, &complaint), 0);
	assert_string_equal(cli_value(&cli, "count", 0), "5");
	assert_string_equal(cli_argument(&cli, 0), "beta");
	assert_int_equal(parse("ping -- -c", &cli, &complaint), 0);
	assert_string_equal(cli_argument(&cli, 0), "-c");
	assert_int_equal(
		parse("group create lab --bootstrap a:1 --bootstrap=b:2", &cli, &complaint), 0);
	assert_string_equal(cli_value(&cli, "bootstrap", 0), "a:1");
	assert_string_equal(cli_value(&cli, "bootstrap", 1), "b:2");
	assert_null(cli_value(&cli, "bootstrap", 2));
	assert_false(cli_has(&cli, "prefix"));
	assert_int_equal(parse("group create lab --name=", &cli, &complaint), 0);
	assert_string_equal(cli_value(&cli, "name", 0), "");
}

static void the_root_loses_its_last_slashes(void **state)
{
	struct complaint complaint;
	struct cli cli;

	(void)state;
	assert_int_equal(parse("status", &cli, &complaint), 0);
	assert_string_equal(cli.root, "");
	assert_int_equal(parse("status --root /", &cli, &complaint), 0);
	assert_string_equal(cli.root, "");
	assert_int_equal(parse("status --root=a/b//", &cli, &complaint), 0);
	assert_string_equal(cli.root, "a/b");
}

static void refusals_say_what_would_be_right(void **state)
{
	static const char *const cases[][2] = {
		{ "stauts", "there is no verb \"stauts\"; did you mean \"status\"?" },
		{ "frobnicate", "there is no verb \"frobnicate\"; ipop --help lists them" },
		{ "group", "\"group\" needs a second word; ipop group --help lists them" },
		{ "group sing lab x",
		  "there is no verb \"group sing\"; did you mean \"group sign\"?" },
		{ "group frobnicate",
		  "there is no verb \"group frobnicate\"; ipop group --help lists them" },
		{ "group sign", "NAME is missing: ipop group sign NAME REQUEST" },
		{ "group sign lab", "REQUEST is missing: ipop group sign NAME REQUEST" },
		{ "group sign lab a b", "\"b\" is one argument too many" },
		{ "status lab more", "\"more\" is one argument too many" },
		{ "status a b c d e", "too many arguments" },
		{ "version more", "\"more\" is one argument too many" },
		{ "status --jsno", "status: there is no option --jsno; did you mean --json?" },
		{ "group sign lab a --dayz 3",
		  "group sign: there is no option --dayz; did you mean --days?" },
		{ "status -x", "status: there is no option -x" },
		{ "leave -y1", "leave: there is no option -y1" }, /* it takes no value */
		{ "status --count 3", "status: there is no option --count" }, /* it is ping's */
		{ "--count 3 ping beta", "there is no option --count" },
		{ "status --root", "--root needs a value: --root DIR" },
		{ "leave --yes=no", "--yes takes no value" },
		{ "leave --yes --yes", "--yes stands twice" },
		{ "status --root a --root b", "--root stands twice" },
		{ "up --json", "--json is for verbs that read, and this one does not" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_refused(cases[i][0], cases[i][1]);
}

static void the_root_has_a_limit(void **state)
{
	char line[TEXT_MAX] = "status --root ";
	const size_t before = strlen(line);
	struct complaint complaint;
	struct cli cli;

	(void)state;
	memset(line + before, 'a', CLI_ROOT_CHARS_MAX);
	assert_int_equal(parse(line, &cli, &complaint), 0);
	line[before + CLI_ROOT_CHARS_MAX] = 'a';
	expect_refused(line, "--root: the path is longer than 900 characters");
}

static void the_version_is_an_option_too(void **state)
{
	static const char *const lines[] = { "--version", "-V", "--json -V", "status --version" };
	struct complaint complaint;
	struct cli cli;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(parse(lines[i], &cli, &complaint), 0);
		assert_true(cli.version);
	}
	assert_int_equal(parse("version", &cli, &complaint), 0);
	assert_false(cli.version);
}

static void options_have_a_limit(void **state)
{
	char line[TEXT_MAX] = "group create lab";
	struct complaint complaint;
	struct cli cli;

	(void)state;
	for (size_t i = 0; i < CLI_OPTIONS_MAX; i++)
		memcpy(line + strlen(line), " --bootstrap=a", sizeof(" --bootstrap=a"));
	assert_int_equal(parse(line, &cli, &complaint), 0);
	memcpy(line + strlen(line), " --bootstrap=a", sizeof(" --bootstrap=a"));
	expect_refused(line, "too many options");
}

static void help_needs_no_arguments(void **state)
{
	struct complaint complaint;
	struct cli cli;

	(void)state;
	assert_int_equal(parse("", &cli, &complaint), 0);
	assert_null(cli.verb);
	assert_false(cli.help);
	assert_int_equal(parse("--help", &cli, &complaint), 0);
	assert_true(cli.help);
	assert_int_equal(parse("group --help", &cli, &complaint), 0);
	assert_string_equal(cli.topic, "group");
	assert_null(cli.verb);
	assert_int_equal(parse("help group sign", &cli, &complaint), 0);
	assert_ptr_equal(cli.verb, cli_find(verbs, "group", "sign"));
	assert_true(cli.help);
	assert_int_equal(parse("join -h", &cli, &complaint), 0);
	assert_true(cli.help);
}

/* What a help function prints. */
static const char *printed(const struct cli_verb *verb, const char *topic)
{
	static char text[TEXT_MAX];
	FILE *const out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	if (verb != NULL)
		cli_print_help(verb, out);
	else
		cli_print_overview(verbs, topic, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void every_verb_is_explained_with_a_command_that_parses(void **state)
{
	(void)state;
	for (const struct cli_verb *verb = verbs; verb->verb != NULL; verb++) {
		const char *const text = printed(verb, NULL);
		char command[256];
		struct complaint complaint = { "" };
		struct cli cli;

		assert_non_null(verb->run);
		assert_non_null(
			strstr(text, verb->detail[0] != '\0' ? "\nExample\n  ipop " : "\n"));
		for (const struct cli_option *o = verb->options; o != NULL && o->name != NULL; o++)
			assert_non_null(strstr(text, o->name));
		assert_memory_equal(verb->example, "ipop ", 5);
		assert_true(snprintf(command, sizeof(command), "%s", verb->example + 5) > 0);
		command[strcspn(command, ">")] = '\0';
		if (parse(command, &cli, &complaint) != 0)
			fail_msg("%s: %s", verb->example, complaint.text);
		assert_ptr_equal(cli.verb, verb);
	}
}

static void help_is_80_columns_wide(void **state)
{
	(void)state;
	for (const struct cli_verb *verb = verbs;; verb++) {
		const char *line = printed(verb->verb != NULL ? verb : NULL, NULL);

		for (; *line != '\0'; line += strcspn(line, "\n") + 1)
			if (strcspn(line, "\n") > 80)
				fail_msg("too wide: %.100s", line);
		if (verb->verb == NULL)
			break;
	}
}

static void the_overview_lists_all_and_a_topic_its_own(void **state)
{
	const char *text = printed(NULL, NULL);

	(void)state;
	for (const struct cli_verb *verb = verbs; verb->verb != NULL; verb++) {
		char name[64];

		assert_true(snprintf(name, sizeof(name), "\n  %s%s%s %s", verb->verb,
				     verb->sub != NULL ? " " : "",
				     verb->sub != NULL ? verb->sub : "", verb->arguments) > 0);
		assert_non_null(strstr(text, name));
		assert_true(strlen(verb->help) > 0);
	}
	text = printed(NULL, "group");
	assert_non_null(strstr(text, "group sign NAME REQUEST"));
	assert_null(strstr(text, "  status"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs_of_one_and_two_words),
		cmocka_unit_test(options_stand_anywhere_behind_the_verb),
		cmocka_unit_test(the_root_loses_its_last_slashes),
		cmocka_unit_test(refusals_say_what_would_be_right),
		cmocka_unit_test(the_root_has_a_limit),
		cmocka_unit_test(the_version_is_an_option_too),
		cmocka_unit_test(options_have_a_limit),
		cmocka_unit_test(help_needs_no_arguments),
		cmocka_unit_test(every_verb_is_explained_with_a_command_that_parses),
		cmocka_unit_test(help_is_80_columns_wide),
		cmocka_unit_test(the_overview_lists_all_and_a_topic_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
