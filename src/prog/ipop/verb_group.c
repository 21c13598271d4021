/* verb_group.c - `ipop group revoke`, `rotate` and `bootstrap`: changes of a group that its CA
 * makes without its key. They are written with the CA locked, and enter the bundles from then on.
 * Nobody waits for a person who is asked: first it is looked what there is to ask, without the
 * lock; and what is not so any more with the lock is not done. */
#include "base/calendar.h"
#include "base/err.h"
#include "group/authority_files.h"
#include "prog/ipop/host.h"
#include "prog/ipop/input.h"
#include "prog/ipop/output.h"
#include "prog/ipop/report.h"
#include "prog/ipop/verbs.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A CA that is open for a change. */
struct change {
	const struct cli *cli;
	struct store store;
	struct entropy entropy;
	struct authority authority; /* owned */
	int lock;                   /* owned; -1: only looks */
	/* What a person was asked about, or would have been: */
	uint8_t epoch;
	uint8_t spki_hash[HASH_BYTES];
	size_t keys;
};

/* EXIT_OK, or what failed, which was reported. */
static enum exit_code open_change(struct change *c, size_t name_argument, bool only_looks)
{
	struct complaint complaint;
	int err;

	c->lock = -1;
	if (host_store(c->cli, cli_argument(c->cli, name_argument), &c->store, &complaint) !=
	    EXIT_OK)
		return report_code(c->cli, EXIT_USAGE, &complaint);
	err = host_entropy(&c->entropy, &complaint);
	if (err == 0 && !only_looks)
		err = authority_files_lock(&c->store, &c->lock, &complaint);
	if (err == ERR_NOT_FOUND)
		err = complain(&complaint, err, "the CA of a group \"%s\" is not on this host",
			       c->store.network);
	if (err != 0)
		return report_failure(c->cli, err, &complaint);
	err = authority_files_read(&c->store, &c->entropy, &c->authority, &complaint);
	if (err == 0)
		return EXIT_OK;
	if (c->lock >= 0)
		(void)close(c->lock); /* empty */
	return report_failure(c->cli, err, &complaint);
}

static void close_change(struct change *c)
{
	if (c->lock >= 0)
		(void)close(c->lock); /* empty */
	authority_free(&c->authority);
	entropy_wipe(&c->entropy);
}

/* EXIT_OK: --yes, or a yes. */
static enum exit_code confirm(const struct cli *cli, const char *question)
{
	struct complaint complaint;

	if (cli_has(cli, "yes") || input_confirm(question))
		return EXIT_OK;
	(void)complain(&complaint, 0, "nothing was done; --yes does it without asking");
	return report_exit_with(cli, EXIT_USAGE, ERR_DENIED, &complaint);
}

/* Another administrator, at the same time. */
static enum exit_code refuse_changed(const struct change *c)
{
	struct complaint complaint;

	(void)complain(
		&complaint, 0,
		"somebody else has changed \"%s\" meanwhile, and nothing was done; ipop group "
		"list %s shows its members",
		c->store.network, c->store.network);
	return report_exit_with(c->cli, EXIT_FAILED, ERR_AGAIN, &complaint);
}

/* Looks, asks, opens, acts. */
static enum exit_code change(const struct cli *cli, enum exit_code (*ask)(struct change *c),
			     enum exit_code (*act)(struct change *c))
{
	struct change c = { .cli = cli };
	enum exit_code code = open_change(&c, 0, true);

	if (code != EXIT_OK)
		return code;
	code = ask(&c);
	close_change(&c);
	if (code == EXIT_OK)
		code = open_change(&c, 0, false);
	if (code != EXIT_OK)
		return code;
	code = act(&c);
	close_change(&c);
	return code;
}

/* --- revoke --- */

/* In memory. */
static enum exit_code take_place(struct change *c, struct authority_revoked *ret)
{
	struct complaint complaint;
	const int err = authority_revoke(&c->authority, cli_argument(c->cli, 1), ret, &complaint);

	return err == 0 ? EXIT_OK : report_failure(c->cli, err, &complaint);
}

static enum exit_code ask_revoke(struct change *c)
{
	struct authority_revoked revoked;
	char question[256];
	const enum exit_code code = take_place(c, &revoked);

	if (code != EXIT_OK)
		return code;
	memcpy(c->spki_hash, revoked.entry->spki_hash, sizeof(c->spki_hash));
	c->keys = revoked.count;
	(void)snprintf(question, sizeof(question),
		       "This takes \"%s\" its place in \"%s\" for good. Go on?",
		       revoked.entry->name, c->store.network);
	return confirm(c->cli, question);
}

/* New bundles go on leading everybody to who was revoked. */
static void warn_of_lines(const struct change *c, const struct registry_entry *entry)
{
	const struct authority *const authority = &c->authority;
	char text[BOOTSTRAP_TEXT_CHARS + 1];
	uint32_t others = authority->bootstrap_count;

	for (uint32_t i = 0; i < authority->bootstrap_count; i++) {
		if (!id_equal(&authority->bootstrap[i].id, &entry->id))
			continue;
		others--;
		bootstrap_to_text(&authority->bootstrap[i], text);
		report_note("Bundles still lead to it; this ends that: ipop group bootstrap remove "
			    "%s '%s'",
			    c->store.network, text);
	}
	if (others == 0 && authority->bootstrap_count > 0)
		report_note("They lead nowhere else. First add another member: ipop group "
			    "bootstrap add %s HOST:PORT#NAME",
			    c->store.network);
}

static void print_revoked(const struct change *c, const struct authority_revoked *revoked)
{
	char until[CALENDAR_TEXT_CHARS + 1];
	char ipv4[IPV4_TEXT_CHARS + 1];

	calendar_to_text(revoked->entry->not_after, until);
	(void)printf("Revoked \"%s\": it is not renewed, and its name is free.\n",
		     revoked->entry->name);
	(void)fflush(stdout);
	if (revoked->count > 1)
		report_note("Nor are the keys that had this name before it: %zu.",
			    revoked->count - 1);
	report_note("Members do not hear of it yet: it stays in the network until its certificate "
		    "ends, %s.",
		    until);
	if (revoked->entry->has_ipv4) {
		ipv4_to_text(revoked->entry->ipv4, ipv4);
		report_note("Its address stays taken, then too, until you give it to another "
			    "member: ipop group sign --ip %s",
			    ipv4);
	}
	warn_of_lines(c, revoked->entry);
}

static enum exit_code act_revoke(struct change *c)
{
	struct authority_revoked revoked;
	struct complaint complaint;
	const enum exit_code code = take_place(c, &revoked);
	int err;

	if (code != EXIT_OK)
		return code;
	if (memcmp(c->spki_hash, revoked.entry->spki_hash, sizeof(c->spki_hash)) != 0 ||
	    c->keys != revoked.count)
		return refuse_changed(c);
	err = authority_files_write_registry(&c->store, &c->authority, &complaint);
	if (err != 0)
		return report_failure(c->cli, err, &complaint);
	print_revoked(c, &revoked);
	return EXIT_OK;
}

enum exit_code verb_revoke(const struct cli *cli)
{
	return change(cli, ask_revoke, act_revoke);
}

/* --- rotate --- */

static enum exit_code ask_rotate(struct change *c)
{
	const struct network_secrets *const secrets = &c->authority.secrets;
	char question[256];

	c->epoch = secrets->epochs[0].epoch;
	if (secrets->count == 1)
		return EXIT_OK; /* nobody loses anything by the first one */
	(void)snprintf(
		question, sizeof(question),
		"Who has no bundle with the secret of epoch %u loses the network by this. Go "
		"on?",
		secrets->epochs[0].epoch);
	return confirm(c->cli, question);
}

static enum exit_code act_rotate(struct change *c)
{
	const struct network_secrets *const secrets = &c->authority.secrets;
	struct complaint complaint;
	int err;

	if (secrets->epochs[0].epoch != c->epoch)
		return refuse_changed(
			c); /* a second one would shut out who has not heard of the first */
	authority_rotate(&c->authority);
	err = authority_files_write_secrets(&c->store, &c->authority, &complaint);
	if (err != 0)
		return report_failure(c->cli, err, &complaint);
	(void)printf("The secret of \"%s\" is now of epoch %u; that of epoch %u stays good.\n",
		     c->store.network, secrets->epochs[0].epoch, secrets->epochs[1].epoch);
	(void)fflush(stdout);
	report_note("Bundles have both from now on. Each member needs one: ipop request --renew %s "
		    "there, ipop group sign %s here, ipop join there, which ends no connection.",
		    c->store.network, c->store.network);
	return EXIT_OK;
}

enum exit_code verb_rotate(const struct cli *cli)
{
	return change(cli, ask_rotate, act_rotate);
}

/* --- bootstrap --- */

static enum exit_code list_lines(const struct change *c)
{
	const struct authority *const authority = &c->authority;
	char text[BOOTSTRAP_TEXT_CHARS + 1];
	json_t *const lines = json_array();

	for (uint32_t i = 0; i < authority->bootstrap_count; i++) {
		bootstrap_to_text(&authority->bootstrap[i], text);
		if (!c->cli->json)
			(void)puts(text);
		(void)json_array_append_new(lines, json_string(text));
	}
	if (c->cli->json)
		output_json(json_pack("{s:s, s:s, s:o}", "schema", "ipop.bootstrap/1", "network",
				      c->store.network, "lines", lines));
	else
		json_decref(lines);
	return EXIT_OK;
}

static enum exit_code change_lines(struct change *c, bool adds, const char *line)
{
	struct complaint complaint;
	int err;

	if (line == NULL) {
		(void)complain(&complaint, 0, "LINE is missing: HOST:PORT#NAME of a member");
		return report_code(c->cli, EXIT_USAGE, &complaint);
	}
	err = adds ? authority_add_bootstrap(&c->authority, line, &complaint)
		   : authority_remove_bootstrap(&c->authority, line, &complaint);
	if (err == 0)
		err = authority_files_write_settings(&c->store, &c->authority, &complaint);
	if (err == ERR_MALFORMED)
		return report_code(c->cli, EXIT_USAGE, &complaint);
	if (err != 0)
		return report_failure(c->cli, err, &complaint);
	report_note("Bundles have these lines from now on; who has one keeps what it says, and may "
		    "have others in its NET.conf.");
	return list_lines(c);
}

enum exit_code verb_bootstrap(const struct cli *cli)
{
	const char *const action = cli_argument(cli, 0);
	struct change c = { .cli = cli };
	const bool adds = strcmp(action, "add") == 0;
	const bool lists = strcmp(action, "list") == 0;
	struct complaint complaint;
	enum exit_code code;

	if (!adds && !lists && strcmp(action, "remove") != 0) {
		(void)complain(&complaint, 0,
			       "\"%.40s\" must be add, remove or list, as in ipop group bootstrap "
			       "list lab",
			       action);
		return report_code(cli, EXIT_USAGE, &complaint);
	}
	code = open_change(&c, 1, lists);
	if (code != EXIT_OK)
		return code;
	code = lists ? list_lines(&c) : change_lines(&c, adds, cli_argument(cli, 2));
	close_change(&c);
	return code;
}
