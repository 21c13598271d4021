/* verb_sign.c - `ipop group sign`: a request in, a bundle out; and `ipop group list`.
 *
 * What is asked for is known before the CA is locked, so that nobody waits for a person who is
 * looking for a passphrase. The registry is on the disk before the bundle leaves (authority.h).
 */
#include "base/calendar.h"
#include "base/check.h"
#include "base/err.h"
#include "group/authority_files.h"
#include "group/text.h"
#include "io/clock.h"
#include "prog/ipop/held.h"
#include "prog/ipop/host.h"
#include "prog/ipop/input.h"
#include "prog/ipop/options.h"
#include "prog/ipop/output.h"
#include "prog/ipop/report.h"
#include "prog/ipop/verbs.h"

#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REQUEST_BYTES_MAX 65536 /* of a file that is to be a request; real ones have 400 */
#define BUNDLE_MODE 0600

struct signing {
	const struct cli *cli;
	struct store store;
	struct wall now;
	struct entropy entropy;
	struct ca_request request;
	struct authority_wish wish;
	struct file_bytes key;              /* owned: the CA's, in PEM */
	struct input_passphrase passphrase; /* empty: none */
	struct authority authority;         /* owned */
	struct authority_issue issue;
	bool usage; /* what fails is the command line's fault */
};

static int read_options(struct signing *s, struct complaint *complaint)
{
	static const struct options_range range = { 1, CA_DAYS_MAX, CA_DAYS_DEFAULT };
	const char *const ip = cli_value(s->cli, "ip", 0);
	uint32_t days = 0;
	int err = options_number(s->cli, "days", range, &days, complaint);

	if (err == 0 && ip != NULL && ipv4_from_text(span_text(ip), s->wish.ipv4) != 0)
		err = complain(complaint, ERR_MALFORMED,
			       "--ip: \"%.40s\" must be an IPv4 address, as in 10.151.0.7", ip);
	s->wish.has_ipv4 = ip != NULL;
	s->wish.no_ipv4 = cli_has(s->cli, "no-ip");
	if (err == 0 && s->wish.has_ipv4 && s->wish.no_ipv4)
		err = complain(complaint, ERR_MALFORMED,
			       "--ip and --no-ip: it is one or the other");
	s->wish.days = days;
	return err;
}

static int read_request(struct signing *s, struct complaint *complaint)
{
	const char *const name = cli_argument(s->cli, 1);
	struct file_bytes pem;
	int err = input_read(name, REQUEST_BYTES_MAX, &pem, complaint);

	if (err != 0)
		return err;
	err = ca_request_read(span_of(pem.data, pem.len), &s->request);
	file_free(&pem);
	s->wish.request = &s->request;
	if (err == ERR_AUTH)
		return complain(complaint, err,
				"%s: its signature is wrong: damaged, or made without the key",
				name);
	if (err == ERR_MALFORMED || err == ERR_UNSUPPORTED)
		return complain(complaint, err,
				"%s: not a request as ipop request makes them: a host name (small "
				"letters, digits, -), a key that is Ed25519 or P-256, and no more",
				name);
	if (err != 0)
		return complain(complaint, err, "%s: not a request of ipop request: %s", name,
				err_text(err));
	return 0;
}

/* The CA's key as it is on the disk, and the passphrase if it needs one. */
static int read_key(struct signing *s, struct complaint *complaint)
{
	int err = store_read(&s->store, STORE_CA_KEY, &s->key, complaint);

	if (err == ERR_NOT_FOUND)
		return complain(complaint, err, "the CA of a group \"%s\" is not on this host",
				s->store.network);
	if (err != 0 || !key_pem_is_encrypted(span_of(s->key.data, s->key.len)))
		return err;
	err = input_passphrase_file(s->cli, &s->passphrase, complaint);
	return err == ERR_NOT_FOUND
		       ? input_passphrase_ask("the key of the CA", false, &s->passphrase, complaint)
		       : err;
}

/* Whether an address is one for hosts is known when the group's prefix is. */
static int check_ip(struct signing *s, struct complaint *complaint)
{
	char prefix[PREFIX_TEXT_CHARS + 1];

	s->usage = s->wish.has_ipv4 && !prefix_has_host(&s->authority.ipv4_prefix, s->wish.ipv4);
	if (!s->usage)
		return 0;
	prefix_to_text(&s->authority.ipv4_prefix, prefix);
	return complain(complaint, ERR_MALFORMED,
			"--ip: the address must be one of %s, but not its first or last", prefix);
}

/* With the lock held. */
static int sign(struct signing *s, struct complaint *complaint)
{
	int err = authority_files_read(&s->store, &s->entropy, &s->authority, complaint);

	if (err == 0)
		err = check_ip(s, complaint);
	if (err == 0)
		err = authority_unlock(&s->authority, span_of(s->key.data, s->key.len),
				       span_of(s->passphrase.bytes, s->passphrase.len), complaint);
	if (err == 0)
		err = authority_sign(&s->authority, &s->wish, s->now, &s->issue, complaint);
	if (err == ERR_FULL && s->authority.registry.count < REGISTRY_ENTRIES_MAX)
		err = held_complain(&s->authority, s->now, complaint);
	if (err == 0)
		err = authority_files_write_registry(&s->store, &s->authority, complaint);
	return err;
}

static int lock_and_sign(struct signing *s, struct complaint *complaint)
{
	int lock;
	int err = authority_files_lock(&s->store, &lock, complaint);

	if (err != 0)
		return err;
	err = sign(s, complaint);
	(void)close(lock); /* empty */
	return err;
}

/* `> BUNDLE` makes a file that others may read; it becomes ours alone before the secret is in it.
 * True if standard output is a file. */
static bool guard_output(void)
{
	struct stat status;

	return fstat(STDOUT_FILENO, &status) == 0 && S_ISREG(status.st_mode) &&
	       fchmod(STDOUT_FILENO, BUNDLE_MODE) == 0;
}

static int print_bundle(const struct signing *s, struct complaint *complaint)
{
	uint8_t text[BUNDLE_BYTES_MAX];
	struct writer w = writer_of(text, sizeof(text));
	struct bundle bundle;
	int err = authority_bundle(&s->authority, &s->issue.certificate, &bundle);

	if (err == 0)
		err = bundle_to_text(&bundle, &w);
	if (err == 0 && !writer_ok(&w))
		err = ERR_TOO_LONG;
	if (err == 0 && (fwrite(text, 1, w.len, stdout) != w.len || fflush(stdout) != 0))
		err = ERR_IO;
	secret_wipe(text, sizeof(text));
	bundle_wipe(&bundle);
	return err == 0 ? 0
			: complain(complaint, err,
				   "the bundle could not be written (%s); sign the request again",
				   err_text(err));
}

/* Two would have one address: it is the administrator's wish, and he knows. */
static void warn_of_holder(const struct signing *s, const char *ipv4)
{
	const struct registry_entry *const holder =
		held_by_revoked(&s->authority.registry, &s->issue.certificate, s->now);
	char until[CALENDAR_TEXT_CHARS + 1];

	if (holder == NULL)
		return;
	calendar_to_text(holder->not_after, until);
	report_note("\"%s\", which was revoked, has %s as well and stays in the network until its "
		    "certificate ends, %s: if it is up, packets for that address may reach it.",
		    holder->name, ipv4, until);
}

static void print_result(const struct signing *s, bool is_file)
{
	const struct certificate *const c = &s->issue.certificate;
	char until[CALENDAR_TEXT_CHARS + 1];
	char ipv4[IPV4_TEXT_CHARS + 1] = "no IPv4 address";

	calendar_to_text(c->not_after, until);
	if (c->has_ipv4)
		ipv4_to_text(c->ipv4, ipv4);
	report_note("%s \"%s\": %s, until %s.", s->issue.renewed ? "Renewed" : "Signed", c->name,
		    ipv4, until);
	warn_of_holder(s, ipv4);
	report_note(
		"The bundle holds the secret of the network%s. Bring it to \"%s\" and run there: "
		"ipop join BUNDLE",
		is_file ? "; its file is readable for you alone (0600)" : "", c->name);
}

enum exit_code verb_sign(const struct cli *cli)
{
	struct signing s = { .cli = cli, .now = clock_now().wall };
	struct complaint complaint;
	enum exit_code code = host_store(cli, cli_argument(cli, 0), &s.store, &complaint);
	bool is_file = false;
	int err;

	if (code != EXIT_OK || read_options(&s, &complaint) != 0)
		return report_code(cli, EXIT_USAGE, &complaint);
	err = read_request(&s, &complaint);
	if (err == 0)
		err = host_entropy(&s.entropy, &complaint);
	if (err == 0)
		err = read_key(&s, &complaint);
	if (err == 0)
		err = lock_and_sign(&s, &complaint);
	if (err == 0) {
		is_file = guard_output();
		err = print_bundle(&s, &complaint);
	}
	if (err == 0)
		print_result(&s, is_file);
	else if (s.usage)
		code = report_code(cli, EXIT_USAGE, &complaint);
	else if (err == ERR_EXISTS) /* what it asks for is somebody else's */
		code = report_exit_with(cli, EXIT_DENIED, err, &complaint);
	else
		code = report_failure(cli, err, &complaint);
	file_free(&s.key);
	authority_free(&s.authority);
	secret_wipe(&s, sizeof(s));
	return code;
}

/* --- list --- */

/* What an entry is worth today. */
static const char *state_of(const struct registry_entry *entry, struct wall now)
{
	if (entry->revoked)
		return "revoked";
	return wall_to_s(now) > wall_to_s(entry->not_after) ? "expired" : "valid";
}

static json_t *entry_to_json(const struct registry_entry *entry, struct wall now)
{
	char serial[TEXT_HEX_CHARS(CERTIFICATE_SERIAL_MAX) + 1];
	char until[CALENDAR_TEXT_CHARS + 1];
	char ipv4[IPV4_TEXT_CHARS + 1];
	char id[ID_TEXT_CHARS + 1];

	text_hex(span_of(entry->serial, entry->serial_len), serial);
	calendar_to_text(entry->not_after, until);
	ipv4_to_text(entry->ipv4, ipv4);
	id_to_text(&entry->id, id);
	return json_pack("{s:s, s:s, s:s?, s:s, s:s, s:s}", "name", entry->name, "id", id, "ipv4",
			 entry->has_ipv4 ? ipv4 : NULL, "serial", serial, "not_after", until,
			 "state", state_of(entry, now));
}

static void list_json(const struct authority *authority, struct wall now)
{
	char network_id[ID_TEXT_CHARS + 1];
	json_t *const members = json_array();
	json_t *root;

	id_to_text(trust_network(authority->trust), network_id);
	for (size_t i = 0; i < authority->registry.count; i++)
		(void)json_array_append_new(members,
					    entry_to_json(&authority->registry.entries[i], now));
	root = json_pack("{s:s, s:s, s:s, s:o}", "schema", "ipop.members/1", "network",
			 authority->network, "network_id", network_id, "members", members);
	output_json(root);
}

static void list_text(const struct authority *authority, struct wall now)
{
	static const char *const head[] = { "NAME", "IPV4", "ID", "CERTIFICATE", "STATE" };
	struct output_table table;

	output_table_init(&table, sizeof(head) / sizeof(head[0]));
	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		output_cell(&table, head[i]);
	for (size_t i = 0; i < authority->registry.count; i++) {
		const struct registry_entry *const entry = &authority->registry.entries[i];
		char until[CALENDAR_TEXT_CHARS + 1];
		char ipv4[IPV4_TEXT_CHARS + 1] = "-";
		char id[ID_TEXT_CHARS + 1];

		calendar_to_text(entry->not_after, until);
		if (entry->has_ipv4)
			ipv4_to_text(entry->ipv4, ipv4);
		id_to_text(&entry->id, id);
		output_cell(&table, entry->name);
		output_cell(&table, ipv4);
		output_cell(&table, id);
		output_cell(&table, output_left(until, now).text);
		output_cell(&table, state_of(entry, now));
	}
	output_table_print(&table, "", stdout);
	output_table_free(&table);
}

enum exit_code verb_list(const struct cli *cli)
{
	const struct wall now = clock_now().wall;
	struct authority authority;
	struct complaint complaint;
	struct store store;
	int err;

	if (host_store(cli, cli_argument(cli, 0), &store, &complaint) != EXIT_OK)
		return report_code(cli, EXIT_USAGE, &complaint);
	err = authority_files_read(&store, NULL, &authority, &complaint);
	if (err != 0)
		return report_failure(cli, err, &complaint);
	if (cli->json)
		list_json(&authority, now);
	else
		list_text(&authority, now);
	authority_free(&authority);
	return EXIT_OK;
}
