/* script.c - see script.h. The table is the grammar: words in small letters stand as they are,
 * those in capitals are values, a|b is a choice, and what stands in brackets may be missing. */
#include "sim/script_internal.h"

#include "base/check.h"
#include "base/err.h"

#include <assert.h>

enum when {
	SET_UP = 1, /* before anything starts */
	EVENT = 2,  /* at a time */
	EITHER = 3,
};

struct form {
	enum script_verb verb;
	enum when when;
	const char *pattern;
};

static const struct form forms[] = {
	{ SCRIPT_NODES, SET_UP, "nodes COUNT" },
	{ SCRIPT_BOOTSTRAP, SET_UP, "bootstrap COUNT" },
	{ SCRIPT_CRYPTO, SET_UP, "crypto full|null" },
	{ SCRIPT_MATRIX, SET_UP, "latency matrix FILE" },
	{ SCRIPT_LATENCY, SET_UP, "latency TIME" },
	{ SCRIPT_NAT, SET_UP, "nat SHARE KIND" },
	{ SCRIPT_HOME, SET_UP, "home COUNT" },
	{ SCRIPT_BANDWIDTH, SET_UP, "bandwidth BITS up BITS down" },
	{ SCRIPT_MTU, SET_UP, "mtu COUNT" },
	{ SCRIPT_DRIFT, SET_UP, "drift COUNT ppm" },
	{ SCRIPT_JOIN_AT_ONCE, SET_UP, "join at once" },
	{ SCRIPT_JOIN, SET_UP, "join RATE" },
	{ SCRIPT_HOSTILE, SET_UP, "hostile SHARE drop|misroute|lie|collude|behave" },
	{ SCRIPT_SHORTCUTS, SET_UP, "shortcuts sought|known" },
	{ SCRIPT_PAIRS_ALL, SET_UP, "pairs all" },
	{ SCRIPT_PAIRS, SET_UP, "pairs COUNT" },
	{ SCRIPT_MEASURE, SET_UP, "measure TIME" },
	{ SCRIPT_LOSS, EITHER, "loss SHARE" },
	{ SCRIPT_DUPLICATION, EITHER, "duplication SHARE" },
	{ SCRIPT_CORRUPTION, EITHER, "corruption SHARE" },
	{ SCRIPT_JITTER, EITHER, "jitter TIME" },
	{ SCRIPT_REORDERING, EITHER, "reordering SHARE by TIME" },
	{ SCRIPT_CRASH, EVENT, "crash SHARE" },
	{ SCRIPT_RESTART, EVENT, "restart SHARE fresh|kept" },
	{ SCRIPT_PAUSE, EVENT, "pause SHARE" },
	{ SCRIPT_RESUME, EVENT, "resume SHARE" },
	{ SCRIPT_PARTITION, EVENT, "partition SHARE [one-way]" },
	{ SCRIPT_HEAL, EVENT, "heal" },
	{ SCRIPT_CLOCK, EVENT, "clock of SHARE TIME ahead|back" },
	{ SCRIPT_REBOOT, EVENT, "reboot-nats SHARE" },
	{ SCRIPT_RENUMBER, EVENT, "renumber-nats SHARE" },
	{ SCRIPT_CHURN_OFF, EVENT, "churn off" },
	{ SCRIPT_CHURN, EVENT, "churn lifetime TIME absence TIME fresh|kept" },
	{ SCRIPT_PROBE_OFF, EVENT, "probe off" },
	{ SCRIPT_PROBE, EVENT, "probe RATE" },
	{ SCRIPT_STOP_BOOTSTRAP, EVENT, "stop bootstrap" },
	{ SCRIPT_CALM, EVENT, "calm" },
	{ SCRIPT_AWAIT, EITHER, "expect exact|settled|routable within TIME" },
	{ SCRIPT_EXPECT, SET_UP, "expect FIGURE <=|>= NUMBER" },
};

#define FORMS (sizeof(forms) / sizeof(forms[0]))
#define ABOUT "about TEXT"

const char *script_form(enum script_verb verb)
{
	for (unsigned n = 0; n < FORMS; n++)
		if (forms[n].verb == verb)
			return forms[n].pattern;
	return ABOUT;
}

const char *script_grammar(unsigned n)
{
	static const char *const beside[] = { ABOUT, "at TIME STATEMENT",
					      "every TIME from TIME to TIME STATEMENT" };
	const unsigned beside_count = sizeof(beside) / sizeof(beside[0]);

	if (n < beside_count)
		return beside[n];
	return n - beside_count < FORMS ? forms[n - beside_count].pattern : NULL;
}

/* -- one statement ------------------------------------------------------------------------- */

/* The next word of a pattern, behind *pattern; its length, 0 at the end. */
static size_t pattern_word(const char **pattern, char ret[WORD_CHARS + 1])
{
	size_t len = 0;

	while (**pattern == ' ')
		(*pattern)++;
	while ((*pattern)[len] != 0 && (*pattern)[len] != ' ') {
		CHECK(len < WORD_CHARS);
		ret[len] = (*pattern)[len];
		len++;
	}
	ret[len] = 0;
	*pattern += len;
	return len;
}

static bool is_value(const char *word)
{
	return word[0] >= 'A' && word[0] <= 'Z';
}

/* Which of a|b|c the word is; false if none. */
static bool choose(const char *choices, const char *word, unsigned *ret)
{
	const size_t len = strlen(word);

	for (unsigned n = 0; *choices != 0; n++) {
		const size_t end = strcspn(choices, "|");

		if (end == len && strncmp(choices, word, len) == 0) {
			*ret = n;
			return true;
		}
		choices += choices[end] == '|' ? end + 1 : end;
	}
	return false;
}

/* What one line becomes, while it is read. */
struct reading {
	struct words *words;
	struct script_statement *statement;
	unsigned values;
	struct script_error *error;
};

/* A capital word of the pattern. */
static int read_value(struct reading *reading, const char *kind)
{
	struct script_statement *s = reading->statement;
	const char *word;

	if (strcmp(kind, "KIND") == 0)
		return nat_read(reading->words, s, reading->error);
	word = words_take(reading->words);
	if (word == NULL)
		word = "";
	if (strcmp(kind, "NUMBER") == 0)
		return value_bound(word, &s->bound, reading->error);
	if (strcmp(kind, "FILE") == 0 || strcmp(kind, "FIGURE") == 0) {
		static_assert(WORD_CHARS <= SCRIPT_TEXT_MAX, "a word does not fit");
		memcpy(s->text, word, strlen(word) + 1);
		return word[0] != 0 ? 0 : script_complain(reading->error, "a name is missing");
	}
	CHECK(reading->values < SCRIPT_VALUES_MAX);
	return value_read(kind, word, &s->values[reading->values++], reading->error);
}

static int read_form(struct reading *reading, const struct form *form)
{
	const char *pattern = form->pattern;
	char expected[WORD_CHARS + 1];

	while (pattern_word(&pattern, expected) > 0) {
		const char *word;
		unsigned choice;

		if (is_value(expected)) {
			const int err = read_value(reading, expected);

			if (err != 0)
				return err;
			continue;
		}
		if (expected[0] == '[') { /* the last word, which may be missing */
			expected[strlen(expected) - 1] = 0;
			reading->statement->choice = words_take_if(reading->words, expected + 1);
			continue;
		}
		word = words_take(reading->words);
		if (word == NULL || !choose(expected, word, &choice))
			return script_complain(reading->error,
					       "expected \"%s\" instead of \"%s\": %s", expected,
					       word == NULL ? "" : word, form->pattern);
		if (strchr(expected, '|') != NULL)
			reading->statement->choice = choice;
	}
	if (reading->words->next < reading->words->count)
		return script_complain(reading->error, "\"%s\" is too much: %s",
				       reading->words->text[reading->words->next], form->pattern);
	return 0;
}

/* How many of a pattern's small words stand where they should, up to the first that does not. */
static unsigned likeness(const struct words *words, const char *pattern)
{
	char expected[WORD_CHARS + 1];
	unsigned count = 0;

	for (unsigned i = words->next; i < words->count; i++) {
		unsigned choice;

		if (pattern_word(&pattern, expected) == 0 || expected[0] == '[')
			break;
		if (is_value(expected))
			continue;
		if (!choose(expected, words->text[i], &choice))
			break;
		count++;
	}
	return count;
}

/* The form that is most like the line; the later of two, which is the more general one. */
static const struct form *form_of(const struct words *words)
{
	const struct form *best = NULL;
	unsigned most = 1;

	for (size_t i = 0; i < FORMS; i++) {
		const unsigned count = likeness(words, forms[i].pattern);

		if (count >= most) {
			best = &forms[i];
			most = count;
		}
	}
	return best;
}

/* `at TIME` or `every TIME from TIME to TIME`. */
static int read_when(struct reading *reading, bool *ret_timed)
{
	static const char *const joints[] = { "from", "to" };
	struct script_range times[3] = { 0 };
	unsigned count = 1;
	const bool every = words_take_if(reading->words, "every");

	*ret_timed = every || words_take_if(reading->words, "at");
	if (!*ret_timed)
		return 0;
	for (unsigned i = 0; i < count; i++) {
		const char *word = words_take(reading->words);
		const int err =
			value_read("TIME", word == NULL ? "" : word, &times[i], reading->error);

		if (err != 0)
			return err;
		if (times[i].low != times[i].high || times[i].low == 0)
			return script_complain(reading->error,
					       "when something happens is one time above 0");
		if (every && i < 2) {
			if (!words_take_if(reading->words, joints[i]))
				return script_complain(reading->error,
						       "every TIME from TIME to TIME STATEMENT");
			count++;
		}
	}
	reading->statement->at_us = every ? times[1].low : times[0].low;
	reading->statement->every_us = every ? times[0].low : 0;
	reading->statement->until_us = times[2].low;
	return 0;
}

static int check_ranges(const struct script_statement *s, struct script_error *error)
{
	static const bool is_share[SCRIPT_VERBS] = {
		[SCRIPT_NAT] = true,         [SCRIPT_HOSTILE] = true,    [SCRIPT_LOSS] = true,
		[SCRIPT_DUPLICATION] = true, [SCRIPT_CORRUPTION] = true, [SCRIPT_REORDERING] = true,
		[SCRIPT_CRASH] = true,       [SCRIPT_RESTART] = true,    [SCRIPT_PAUSE] = true,
		[SCRIPT_RESUME] = true,      [SCRIPT_PARTITION] = true,  [SCRIPT_CLOCK] = true,
		[SCRIPT_REBOOT] = true,      [SCRIPT_RENUMBER] = true,
	};
	static const uint64_t least[SCRIPT_VERBS] = {
		[SCRIPT_NODES] = 2,       [SCRIPT_BOOTSTRAP] = 1, [SCRIPT_HOME] = 1,
		[SCRIPT_MTU] = 1280,      [SCRIPT_JOIN] = 1,      [SCRIPT_PROBE] = 1,
		[SCRIPT_CHURN] = 1000000,
	};
	static const uint64_t most[SCRIPT_VERBS] = {
		[SCRIPT_NODES] = 20000,     [SCRIPT_BOOTSTRAP] = 16,   [SCRIPT_HOME] = 200,
		[SCRIPT_MTU] = 9000,        [SCRIPT_DRIFT] = 1000,     [SCRIPT_PAIRS] = 100000,
		[SCRIPT_LATENCY] = 2000000, [SCRIPT_JITTER] = 2000000,
	};

	if (is_share[s->verb] && s->values[0].high > 1000000)
		return script_complain(error, "a share is at most 100%%");
	if (s->values[0].low < least[s->verb])
		return script_complain(error, "that is too little: the least is %llu",
				       (unsigned long long)least[s->verb]);
	if (most[s->verb] > 0 && s->values[0].high > most[s->verb])
		return script_complain(error, "that is too much: the most is %llu",
				       (unsigned long long)most[s->verb]);
	return 0;
}

static int read_statement(struct words *words, struct script_statement *ret,
			  struct script_error *error)
{
	struct reading reading = { .words = words, .statement = ret, .error = error };
	const struct form *form;
	bool timed;
	int err = read_when(&reading, &timed);

	if (err != 0)
		return err;
	form = form_of(words);
	if (form == NULL)
		return script_complain(error, "\"%s\" begins no statement",
				       words->next < words->count ? words->text[words->next] : "");
	if (((unsigned)form->when & (timed ? EVENT : SET_UP)) == 0)
		return script_complain(error,
				       timed ? "this stands without a time: %s"
					     : "this wants a time, as in: at 10s %s",
				       form->pattern);
	ret->verb = form->verb;
	err = read_form(&reading, form);
	return err != 0 ? err : check_ranges(ret, error);
}

/* -- the whole ----------------------------------------------------------------------------- */

static bool take_line(struct span *rest, struct span *ret)
{
	size_t len = 0;

	if (rest->len == 0)
		return false;
	while (len < rest->len && rest->data[len] != '\n')
		len++;
	*ret = span_of(rest->data, len);
	*rest = len == rest->len ? span_of(rest->data + len, 0)
				 : span_of(rest->data + len + 1, rest->len - len - 1);
	return true;
}

/* `about` takes the rest of its line as it stands. */
static bool take_about(struct span line, struct script *script)
{
	static const char word[] = "about ";
	const size_t len = sizeof(word) - 1;
	size_t text_len = line.len < len ? 0 : line.len - len;

	if (line.len < len || memcmp(line.data, word, len) != 0)
		return false;
	if (text_len > SCRIPT_TEXT_MAX)
		text_len = SCRIPT_TEXT_MAX;
	memcpy(script->about, line.data + len, text_len);
	script->about[text_len] = 0;
	return true;
}

/* Churn must end, or no play would. */
static int check_churn(const struct script *script, struct script_error *error)
{
	const struct script_statement *last = NULL;

	for (unsigned i = 0; i < script->count; i++) {
		const struct script_statement *s = &script->statements[i];
		const bool is_churn = s->verb == SCRIPT_CHURN || s->verb == SCRIPT_CHURN_OFF ||
				      s->verb == SCRIPT_CALM;

		if (is_churn && (last == NULL || s->at_us >= last->at_us))
			last = s;
	}
	if (last == NULL || last->verb != SCRIPT_CHURN)
		return 0;
	error->line = last->line;
	return script_complain(error,
			       "nothing ends this churn: add a later \"churn off\" or \"calm\"");
}

int script_read(struct span text, struct script *ret, struct script_error *error)
{
	struct script script = { 0 };
	struct span line;

	*error = (struct script_error){ 0 };
	while (take_line(&text, &line)) {
		struct script_statement *s = &script.statements[script.count];
		struct words words;
		int err;

		error->line++;
		if (take_about(line, &script))
			continue;
		if (script.count == SCRIPT_STATEMENTS_MAX)
			return script_complain(error, "a scenario has at most %d statements",
					       SCRIPT_STATEMENTS_MAX);
		err = words_split(line, &words, error);
		if (err != 0 || words.count == 0) {
			if (err != 0)
				return err;
			continue;
		}
		s->line = error->line;
		err = read_statement(&words, s, error);
		if (err != 0)
			return err;
		script.count++;
	}
	if (check_churn(&script, error) != 0)
		return ERR_MALFORMED;
	*ret = script;
	return 0;
}

const struct script_statement *script_find(const struct script *script, enum script_verb verb)
{
	const struct script_statement *found = NULL;

	for (unsigned i = 0; i < script->count; i++)
		if (script->statements[i].verb == verb)
			found = &script->statements[i];
	return found;
}

uint64_t script_end_us(const struct script *script)
{
	uint64_t end = 0;

	for (unsigned i = 0; i < script->count; i++) {
		const struct script_statement *s = &script->statements[i];
		const uint64_t last = s->every_us > 0 ? s->until_us : s->at_us;

		if (last > end)
			end = last;
	}
	return end;
}
