/* test_script.c - what a scenario says is what is read, and what is wrong with it is said with its
 * line. */
#include "base/err.h"
#include "sim/figures.h"
#include "tests/lib/cmocka.h"

static struct script script;

static void read_right(const char *text)
{
	struct script_error error;

	if (script_read(span_text(text), &script, &error) != 0)
		fail_msg("line %u: %s", error.line, error.text);
}

/* A complaint about this line, with these words in it; and the output is untouched. */
static void read_wrong(const char *text, unsigned line, const char *words)
{
	struct script_error error;
	const unsigned count = script.count;

	assert_int_equal(script_read(span_text(text), &script, &error), ERR_MALFORMED);
	if (error.line != line || strstr(error.text, words) == NULL)
		fail_msg("of \"%s\" it says, line %u: %s", text, error.line, error.text);
	assert_int_equal(script.count, count);
}

static void a_script_is_read(void **state)
{
	const struct script_statement *s = script.statements;

	(void)state;
	read_right("about two words, # and a mark\n"
		   "# a remark\n"
		   "\n"
		   "nodes 20..30 # as the seed says\r\n"
		   "\tlatency 62.5ms\n"
		   "loss 0.5%\n"
		   "join 2/s\n"
		   "at 1.5min partition 10% one-way\n"
		   "every 500ms from 2s to 3s crash 1..5%\n"
		   "at 9s expect routable within 30s\n"
		   "expect hops_mean <= 5.5");
	assert_string_equal(script.about, "two words, # and a mark");
	assert_int_equal(script.count, 8);
	assert_int_equal(s[0].verb, SCRIPT_NODES);
	assert_int_equal(s[0].line, 4);
	assert_int_equal(s[0].values[0].low, 20);
	assert_int_equal(s[0].values[0].high, 30);
	assert_int_equal(s[1].verb, SCRIPT_LATENCY);
	assert_int_equal(s[1].values[0].low, 62500);
	assert_int_equal(s[2].values[0].high, 5000);
	assert_int_equal(s[3].verb, SCRIPT_JOIN);
	assert_int_equal(s[3].values[0].low, 2000000);
	assert_int_equal(s[4].verb, SCRIPT_PARTITION);
	assert_int_equal(s[4].at_us, 90000000);
	assert_int_equal(s[4].choice, 1);
	assert_int_equal(s[5].every_us, 500000);
	assert_int_equal(s[5].at_us, 2000000);
	assert_int_equal(s[5].until_us, 3000000);
	assert_int_equal(s[5].values[0].low, 10000);
	assert_int_equal(s[6].verb, SCRIPT_AWAIT);
	assert_int_equal(s[6].choice, SCRIPT_ROUTABLE);
	assert_int_equal(s[7].verb, SCRIPT_EXPECT);
	assert_int_equal(s[7].bound, 5500000);
	assert_string_equal(s[7].text, "hops_mean");
	assert_int_equal(script_end_us(&script), 90000000);
	assert_ptr_equal(script_find(&script, SCRIPT_JOIN), &s[3]);
	assert_null(script_find(&script, SCRIPT_HEAL));
}

/* Two statements begin alike, and the words behind tell them apart. */
static void what_begins_alike_is_told_apart(void **state)
{
	static const struct {
		const char *text;
		enum script_verb verb;
	} all[] = {
		{ "latency 50ms", SCRIPT_LATENCY },
		{ "pairs all", SCRIPT_PAIRS_ALL },
		{ "pairs 5", SCRIPT_PAIRS },
		{ "latency matrix king.txt", SCRIPT_MATRIX },
		{ "join at once", SCRIPT_JOIN_AT_ONCE },
		{ "join 1/s", SCRIPT_JOIN },
		{ "shortcuts known", SCRIPT_SHORTCUTS },
		{ "expect routable within 1s", SCRIPT_AWAIT },
		{ "expect routable >= 1", SCRIPT_EXPECT },
		{ "at 1s probe off", SCRIPT_PROBE_OFF },
		{ "at 1s probe 5/s", SCRIPT_PROBE },
		{ "at 1s churn off", SCRIPT_CHURN_OFF },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		read_right(all[i].text);
		assert_int_equal(script.count, 1);
		assert_int_equal(script.statements[0].verb, all[i].verb);
	}
}

static void a_nat_is_what_is_said_of_it(void **state)
{
	const struct natbox_kind *nat = &script.statements[0].nat;

	(void)state;
	read_right("nat 20% symmetric filtering address ports sequential timeout 30s no-hairpin");
	assert_int_equal(nat->mapping, NATBOX_ENDPOINT);
	assert_int_equal(nat->filtering, NATBOX_ADDRESS);
	assert_int_equal(nat->ports, NATBOX_SEQUENTIAL);
	assert_int_equal(nat->timeout_ms, 30000);
	assert_false(nat->hairpin);
	read_right("nat 5% any");
	assert_true(script.statements[0].any_nat);
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
	(void)state;
	read_right("");
	read_wrong("nodes 5\n\nheat 3", 3, "\"heat\" begins no statement");
	read_wrong("nodes 1", 1, "too little: the least is 2");
	read_wrong("nodes 20001", 1, "the most is 20000");
	read_wrong("nodes 5 6", 1, "\"6\" is too much");
	read_wrong("nodes 30..20", 1, "no range");
	read_wrong("nodes five", 1, "expected a number such as 100 instead of \"five\"");
	read_wrong("latency 5", 1, "expected a time such as 30s");
	read_wrong("latency 5parsec", 1, "expected a time such as 30s");
	read_wrong("loss 101%", 1, "at most 100%");
	read_wrong("loss 0.0000001%", 1, "expected a share");
	read_wrong("nodes 99999999", 1, "expected a number");
	read_wrong("crash 5%", 1, "wants a time, as in: at 10s crash SHARE");
	read_wrong("at 5s nodes 5", 1, "stands without a time");
	read_wrong("at 0s heal", 1, "one time above 0");
	read_wrong("every 5s to 10s heal", 1, "every TIME from TIME to TIME");
	read_wrong("crypto rot13", 1, "expected \"full|null\" instead of \"rot13\"");
	read_wrong("at 5s restart 5%", 1, "expected \"fresh|kept\" instead of \"\"");
	read_wrong("nat 5% cardboard", 1, "\"cardboard\" is no kind of NAT");
	read_wrong("nat 5% full-cone colour blue", 1, "\"colour\" is nothing of a NAT");
	read_wrong("nat 5% full-cone ports overload", 1, "overloaded where mapping is endpoint");
	read_wrong("nat 5% full-cone timeout 0.5ms", 1, "from 1ms to 1d");
	read_wrong("expect hops_mean <= many", 1, "expected a number instead of \"many\"");
	read_wrong("expect exact within", 1, "expected a time");
	read_wrong("at 5s churn lifetime 1min absence 1s kept", 1, "nothing ends this churn");
	read_wrong("at 9s churn lifetime 1min absence 1s kept\nat 8s calm", 1,
		   "nothing ends this churn");
}

static void there_is_an_end_to_everything(void **state)
{
	static char text[16 * (SCRIPT_STATEMENTS_MAX + 1) + 1];
	char word[100];
	size_t len = 0;

	(void)state;
	for (unsigned i = 0; i < SCRIPT_STATEMENTS_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "loss 1%%\n");
	read_right(text);
	assert_int_equal(script.count, SCRIPT_STATEMENTS_MAX);
	(void)snprintf(text + len, sizeof(text) - len, "loss 1%%\n");
	read_wrong(text, SCRIPT_STATEMENTS_MAX + 1, "at most 128 statements");
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = 0;
	read_wrong(word, 1, "a word has at most");
	read_wrong("a a a a a a a a a a a a a a a a a a a a a", 1, "at most 20 words");
}

static void only_figures_can_be_expected(void **state)
{
	struct script_error error;

	(void)state;
	read_right("expect routable >= 1\nexpect happiness >= 1");
	assert_int_equal(figures_check(&script, &error), ERR_MALFORMED);
	assert_int_equal(error.line, 2);
	assert_non_null(strstr(error.text, "happiness"));
	read_right("expect hops_p99 <= 9");
	assert_int_equal(figures_check(&script, &error), 0);
}

/* What the grammar shows can be written so. */
static void the_grammar_is_shown(void **state)
{
	unsigned count = 0;

	(void)state;
	while (script_grammar(count) != NULL)
		count++;
	assert_true(count > 30);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_script_is_read),
		cmocka_unit_test(what_begins_alike_is_told_apart),
		cmocka_unit_test(a_nat_is_what_is_said_of_it),
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
		cmocka_unit_test(there_is_an_end_to_everything),
		cmocka_unit_test(only_figures_can_be_expected),
		cmocka_unit_test(the_grammar_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
