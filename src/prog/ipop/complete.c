/* complete.c - see complete.h. */
#include "prog/ipop/complete.h"

#include "group/authority_files.h"
#include "group/text.h"
#include "io/clock.h"
#include "prog/ipop/control.h"
#include "prog/ipop/host.h"
#include "prog/ipop/output.h"

#include <stdio.h>
#include <string.h>

/* A command line that is being typed. */
struct typing {
	const struct cli_verb *verbs;
	char *const *words;
	size_t count;     /* 1.. */
	const char *last; /* may be empty */
	struct cli cli;   /* only its root */
};

static void offer(const struct typing *t, const char *candidate)
{
	if (strncmp(candidate, t->last, strlen(t->last)) == 0)
		(void)printf("%s\n", candidate);
}

/* --- options --- */

/* --json only of a verb that reads. */
static void offer_options(const struct typing *t, const struct cli_option *options, bool reads)
{
	char text[64];

	for (; options != NULL && options->name != NULL; options++) {
		(void)snprintf(text, sizeof(text), "--%s", options->name); /* they are short */
		if (reads || strcmp(options->name, "json") != 0)
			offer(t, text);
	}
}

static const struct cli_option *find_option(const struct cli_option *options, const char *word)
{
	for (; options != NULL && options->name != NULL; options++)
		if ((strncmp(word, "--", 2) == 0 && strcmp(word + 2, options->name) == 0) ||
		    (options->letter != '\0' && word[0] == '-' && word[1] == options->letter &&
		     word[2] == '\0'))
			return options;
	return NULL;
}

/* Whether the next word is the value of this one. */
static bool wants_value(const struct cli_verb *verb, const char *word)
{
	const struct cli_option *option = find_option(cli_globals, word);

	if (option == NULL && verb != NULL)
		option = find_option(verb->options, word);
	return option != NULL && option->value != NULL;
}

/* --- arguments --- */

static void offer_networks(const struct typing *t)
{
	struct host_networks networks;
	struct complaint unused;

	if (host_networks(t->cli.root, &networks, &unused) != 0)
		return;
	for (size_t i = 0; i < networks.count; i++)
		offer(t, networks.names[i]);
}

static void offer_peers_of(const struct typing *t, const char *network, struct mono until)
{
	const struct control_request request = { .verb = "peers" };
	struct control control;
	struct complaint unused;
	struct store store;
	json_t *answer;
	const json_t *peers;

	if (host_store(&t->cli, network, &store, &unused) != EXIT_OK ||
	    control_open_until(&store, until, &control, &unused) != EXIT_OK)
		return;
	if (control_ask(&control, &request, &answer, &unused) == EXIT_OK) {
		peers = json_object_get(answer, "peers");
		for (size_t i = 0; i < json_array_size(peers); i++) {
			const char *const name = json_string_value(
				json_object_get(json_array_get(peers, i), "name"));

			if (name != NULL)
				offer(t, output_foreign(name).text);
		}
		json_decref(answer);
	}
	control_close(&control);
}

/* Until when the first of so many may take. */
static struct mono share_of(struct mono end, size_t count)
{
	const struct mono now = clock_now().mono;

	return mono_add_ms(now, mono_ms_between(now, end) / count);
}

/* Of all networks that this host is in: the network comes behind the peer. One that hangs leaves
 * the others their share of the time. */
static void offer_peers(const struct typing *t)
{
	const struct mono end = mono_add_ms(clock_now().mono, COMPLETE_MS);
	struct host_networks networks;
	struct complaint unused;

	if (host_networks(t->cli.root, &networks, &unused) != 0)
		return;
	for (size_t i = 0; i < networks.count; i++)
		offer_peers_of(t, networks.names[i], share_of(end, networks.count - i));
}

/* Those who have a place in the group. */
static void offer_members(const struct typing *t, const char *network)
{
	struct authority authority;
	struct complaint unused;
	struct store store;

	if (host_store(&t->cli, network, &store, &unused) != EXIT_OK ||
	    authority_files_read(&store, NULL, &authority, &unused) != 0)
		return;
	for (size_t i = 0; i < authority.registry.count; i++)
		if (!authority.registry.entries[i].revoked)
			offer(t, authority.registry.entries[i].name);
	authority_free(&authority);
}

/* What an argument of that name may be. */
static void offer_argument(const struct typing *t, struct span name, const char *before)
{
	static const char *const actions[] = { "add", "remove", "list" };

	if (text_equal(name, "NET") || text_equal(name, "NAME") || text_equal(name, "NET|FILE"))
		offer_networks(t);
	else if (text_equal(name, "PEER"))
		offer_peers(t);
	else if (text_equal(name, "MEMBER"))
		offer_members(t, before);
	else if (text_equal(name, "ACTION"))
		for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
			offer(t, actions[i]);
}

/* The n-th argument of a verb, without its brackets; false if it has not so many. */
static bool argument_name(const struct cli_verb *verb, size_t n, struct span *ret)
{
	struct span rest = span_text(verb->arguments);

	for (size_t i = 0; text_next(&rest, ' ', ret); i++) {
		if (i != n)
			continue;
		if (ret->len > 2 && ret->data[0] == '[')
			*ret = span_of(ret->data + 1, ret->len - 2);
		return true;
	}
	return false;
}

static void offer_next(const struct typing *t, const struct cli_verb *verb, size_t first)
{
	const char *before = "";
	struct span name;
	size_t n = 0;

	for (size_t i = first; i + 1 < t->count; i++) {
		if (wants_value(verb, t->words[i])) {
			if (i + 2 == t->count)
				return; /* any value */
			i++;
		} else if (t->words[i][0] != '-') {
			before = t->words[i];
			n++;
		}
	}
	if (t->last[0] == '-') {
		offer_options(t, verb->options, true);
		offer_options(t, cli_globals, verb->reads);
	} else if (argument_name(verb, n, &name)) {
		offer_argument(t, name, before);
	}
}

/* --- verbs --- */

/* Each first word once: those of one word follow each other in the table. */
static void offer_verbs(const struct typing *t)
{
	const char *said = "";

	for (const struct cli_verb *v = t->verbs; v->verb != NULL; v++) {
		bool is_new = true;

		for (const struct cli_verb *w = t->verbs; w != v; w++)
			is_new &= strcmp(w->verb, v->verb) != 0;
		if (is_new && strcmp(said, v->verb) != 0)
			offer(t, v->verb);
		said = v->verb;
	}
	if (t->last[0] == '-')
		offer_options(t, cli_globals, true);
}

static void offer_subs(const struct typing *t, const char *verb)
{
	for (const struct cli_verb *v = t->verbs; v->verb != NULL; v++)
		if (strcmp(v->verb, verb) == 0 && v->sub != NULL)
			offer(t, v->sub);
}

/* Options that come before the verb. */
static size_t skip_globals(const struct typing *t)
{
	size_t i = 0;

	while (i + 1 < t->count && t->words[i][0] == '-')
		i += wants_value(NULL, t->words[i]) ? 2 : 1;
	return i;
}

static const char *root_of(const struct typing *t)
{
	for (size_t i = 0; i + 2 < t->count; i++)
		if (strcmp(t->words[i], "--root") == 0)
			return t->words[i + 1];
	return "";
}

enum exit_code complete_print(const struct cli_verb *verbs, char **words, size_t count)
{
	struct typing t = { .verbs = verbs, .words = words, .count = count };
	const struct cli_verb *verb;
	size_t at;

	if (count == 0)
		return EXIT_USAGE;
	t.last = words[count - 1];
	t.cli.root = root_of(&t);
	at = skip_globals(&t);
	if (at + 1 > count)
		return EXIT_OK; /* the value of an option */
	if (at + 1 == count) {
		offer_verbs(&t);
		return EXIT_OK;
	}
	verb = cli_find(verbs, words[at], NULL);
	if (verb == NULL && at + 2 == count)
		offer_subs(&t, words[at]);
	else if (verb == NULL)
		verb = cli_find(verbs, words[at], words[at + 1]);
	if (verb != NULL)
		offer_next(&t, verb, at + (verb->sub == NULL ? 1 : 2));
	return EXIT_OK;
}
