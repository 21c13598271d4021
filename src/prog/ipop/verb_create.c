/* verb_create.c - `ipop group create`: a new CA, and its host as the first member.
 *
 * The order of the files: this member's key and bundle, the CA with its key as the last of its
 * files, the configuration. A CA without a key is none and may be made anew, with the member that
 * stands beside it; so wherever this stops before the CA is there, it can be started again, and
 * after that the refusal says how to go on. A member's files with no trace of a CA are of a network
 * that was joined, and stay.
 */
#include "base/calendar.h"
#include "base/check.h"
#include "base/err.h"
#include "group/authority_files.h"
#include "group/text.h"
#include "io/clock.h"
#include "prog/ipop/host.h"
#include "prog/ipop/input.h"
#include "prog/ipop/options.h"
#include "prog/ipop/output.h"
#include "prog/ipop/report.h"
#include "prog/ipop/verbs.h"

#include <string.h>
#include <unistd.h>

/* What was asked for, and what comes of it. */
struct creation {
	const struct cli *cli;
	struct store store;
	struct wall now;
	struct entropy entropy;
	char name[CERTIFICATE_NAME_MAX + 1]; /* of this host */
	uint32_t days;
	struct bootstrap bootstrap[BUNDLE_BOOTSTRAP_MAX]; /* of this host */
	uint32_t bootstrap_count;
	struct prefix prefix;               /* length 0: ours to choose */
	struct input_passphrase passphrase; /* of the CA's key; empty: none */
	struct key *key;                    /* owned; of this host */
	struct authority authority;         /* owned */
	struct certificate certificate;     /* of this host */
};

static int read_passphrase(struct creation *c, struct complaint *complaint)
{
	const int err = input_passphrase_file(c->cli, &c->passphrase, complaint);

	if (err != ERR_NOT_FOUND)
		return err;
	return cli_has(c->cli, "passphrase")
		       ? input_passphrase_ask("the key of the CA", true, &c->passphrase, complaint)
		       : 0;
}

/* The daemon takes the first line's port, and its node is not root. */
static int check_port(const struct bootstrap *line, struct complaint *complaint)
{
	const uint32_t first = host_first_port();

	if (line->port >= first)
		return 0;
	return complain(complaint, ERR_MALFORMED,
			"--bootstrap: UDP port %u is for root alone, which the part of the daemon "
			"that takes it is not: choose one from %u on, as %u",
			line->port, first, CONFIG_PORT_DEFAULT);
}

static int read_options(struct creation *c, struct complaint *complaint)
{
	static const struct options_range days = { 1, CA_DAYS_MAX, CA_DAYS_DEFAULT };
	int err = options_bootstrap(c->cli, c->bootstrap, &c->bootstrap_count, complaint);

	if (err == 0)
		err = check_port(&c->bootstrap[0], complaint);
	if (err == 0)
		err = options_prefix(c->cli, &c->prefix, complaint);
	if (err == 0)
		err = options_host_name(c->cli, c->name, complaint);
	return err == 0 ? options_number(c->cli, "days", days, &c->days, complaint) : err;
}

/* A member's key, which a CA has signed, stays, whatever became of its configuration. Beside a CA
 * authority_files_check_none() judges: there it may be of a member that was not finished. */
static int check_never_joined(const struct creation *c, struct complaint *complaint)
{
	struct file_path member;
	struct file_path bundle;
	struct file_path key;
	struct file_path ca;

	if (store_directory_path(&c->store, STORE_MEMBER, &member) != 0 ||
	    store_directory_path(&c->store, STORE_CA, &ca) != 0 ||
	    store_path(&c->store, STORE_BUNDLE, &bundle) != 0 ||
	    store_path(&c->store, STORE_KEY, &key) != 0)
		return store_complain(complaint, ERR_TOO_LONG, c->store.root);
	if (access(ca.text, F_OK) == 0 ||
	    (access(key.text, F_OK) != 0 && access(bundle.text, F_OK) != 0))
		return 0;
	return complain(complaint, ERR_EXISTS,
			"%s: this host was a member of a network \"%s\"; ipop join %s makes it one "
			"again, and for a new group choose another name or remove the key there",
			member.text, c->store.network, bundle.text);
}

/* A network of that name that is there already is never touched. */
static int check_free(const struct creation *c, struct complaint *complaint)
{
	struct file_bytes bytes;
	const int err = store_read(&c->store, STORE_CONFIG, &bytes, complaint);

	if (err == ERR_NOT_FOUND && host_has_interface(c->store.network))
		return complain(complaint, ERR_EXISTS,
				"this host has a network interface \"%s\" already, and that of the "
				"group would have the same name: choose another one",
				c->store.network);
	if (err == ERR_NOT_FOUND)
		return check_never_joined(c, complaint);
	if (err != 0)
		return err;
	file_free(&bytes);
	return complain(complaint, ERR_EXISTS,
			"this host is in a network \"%s\" already; ipop leave %s leaves it",
			c->store.network, c->store.network);
}

/* The first proposal that hides nothing which this host can reach, or could if all its networks
 * were up; what other hosts can reach is not known here. */
static struct prefix choose_prefix(const struct creation *c)
{
	const struct id *const network = trust_network(c->authority.trust);
	struct host_overlap unused;
	struct prefix prefix;

	for (unsigned n = 0; n < PREFIX_CHOICES; n++) {
		prefix = prefix_choice(network, n);
		if (!host_has_route(&prefix) && !host_find_overlap(&c->store, &prefix, &unused))
			return prefix;
	}
	return prefix_choice(network, 0);
}

/* The first member asks as every other will. */
static int request(const struct creation *c, struct ca_request *ret)
{
	uint8_t pem[CA_PEM_BYTES_MAX];
	struct writer w = writer_of(pem, sizeof(pem));
	const int err = ca_request(c->key, c->name, &w);

	return err == 0 ? ca_request_read(writer_span(&w), ret) : err;
}

static int make_all(struct creation *c, struct complaint *complaint)
{
	struct authority_wish wish = { .days = c->days };
	struct authority_issue issue;
	struct ca_request asked;
	int err = authority_new(c->store.network, c->now, &c->entropy, &c->authority);

	if (err == 0)
		err = key_draw(KEY_ED25519, &c->entropy, &c->key);
	if (err == 0)
		err = request(c, &asked);
	if (err != 0)
		return complain(complaint, err, "the CA could not be made: %s", err_text(err));
	c->authority.ipv4_prefix = c->prefix.len != 0 ? c->prefix : choose_prefix(c);
	wish.request = &asked;
	err = authority_sign(&c->authority, &wish, c->now, &issue, complaint);
	if (err != 0)
		return err;
	c->certificate = issue.certificate;
	c->authority.bootstrap_count = c->bootstrap_count;
	for (uint32_t i = 0; i < c->bootstrap_count; i++) {
		c->authority.bootstrap[i] = c->bootstrap[i];
		c->authority.bootstrap[i].id = c->certificate.id;
	}
	return 0;
}

static int write_member(struct creation *c, struct complaint *complaint)
{
	struct file_path path;
	struct bundle bundle;
	int err = store_path(&c->store, STORE_KEY, &path);

	if (err == 0)
		err = authority_bundle(&c->authority, &c->certificate, &bundle);
	if (err != 0)
		return complain(complaint, err, "the bundle: %s", err_text(err));
	err = store_write_key(path.text, c->key, span_text(""), &c->entropy, complaint);
	if (err == 0)
		err = store_write_bundle(&c->store, &bundle, complaint);
	bundle_wipe(&bundle);
	return err;
}

/* The bootstrap lines promise a port, so the daemon is to take that one and no other. */
static int write_config(const struct creation *c, struct complaint *complaint)
{
	struct config config;

	config_init(&config);
	config.port = c->bootstrap[0].port;
	config.is_set[CONFIG_PORT] = true;
	return store_write_config(&c->store, &config, complaint);
}

static int write_all(struct creation *c, struct complaint *complaint)
{
	const struct span passphrase = span_of(c->passphrase.bytes, c->passphrase.len);
	int lock = -1;
	int err;

	host_tell_new_root(c->cli);
	err = store_make_directory(&c->store, STORE_ETC, complaint);
	if (err == 0)
		err = store_make_directory(&c->store, STORE_MEMBER, complaint);
	if (err == 0)
		err = store_make_directory(&c->store, STORE_CA, complaint);
	if (err == 0)
		err = authority_files_lock(&c->store, &lock, complaint);
	if (err == 0)
		err = authority_files_check_none(&c->store, complaint);
	if (err == 0)
		err = write_member(c, complaint);
	if (err == 0)
		err = authority_files_create(&c->store, &c->authority, passphrase, complaint);
	if (err == 0)
		err = write_config(c, complaint);
	if (lock >= 0)
		(void)close(lock); /* empty */
	return err;
}

static void print_row(struct output_table *table, const char *name, const char *value)
{
	output_cell(table, name);
	output_cell(table, value);
}

static void print_facts(const struct creation *c)
{
	char bootstrap[BOOTSTRAP_TEXT_CHARS + 1];
	char prefix[PREFIX_TEXT_CHARS + 1];
	char ipv4[IPV4_TEXT_CHARS + 1];
	char id[ID_TEXT_CHARS + 1];
	struct output_table table;
	struct file_path ca;

	CHECK(store_directory_path(&c->store, STORE_CA, &ca) == 0);
	prefix_to_text(&c->authority.ipv4_prefix, prefix);
	ipv4_to_text(c->certificate.ipv4, ipv4);
	id_to_text(&c->certificate.id, id);
	bootstrap_to_text(&c->authority.bootstrap[0], bootstrap);
	bootstrap[strcspn(bootstrap, "#")] = '\0';
	output_table_init(&table, 2);
	print_row(&table, "this host", c->certificate.name);
	print_row(&table, "id", id);
	print_row(&table, "IPv4", output_text("%s of %s", ipv4, prefix).text);
	print_row(&table, "reached at", bootstrap);
	print_row(&table, "CA", ca.text);
	print_row(&table, "CA key", c->passphrase.len > 0 ? "under a passphrase" : "no passphrase");
	output_table_print(&table, "  ", stdout);
	output_table_free(&table);
}

static void print_next(const char *network)
{
	struct output_table table;

	output_table_init(&table, 2);
	print_row(&table, output_text("ipop up %s", network).text, "starts it here");
	print_row(&table, "ipop request > REQUEST", "on each other machine");
	print_row(&table, output_text("ipop group sign %s REQUEST > BUNDLE", network).text, "here");
	print_row(&table, "ipop join BUNDLE", "there again");
	output_table_print(&table, "  ", stdout);
	output_table_free(&table);
}

/* `up` refuses the second of the two; who has not admitted anybody yet can still choose. */
static void note_overlap(const struct creation *c)
{
	const struct prefix *const prefix = &c->authority.ipv4_prefix;
	struct host_overlap overlap;
	struct complaint text;

	if (!host_find_overlap(&c->store, prefix, &overlap))
		return;
	host_overlap_text(&c->store, prefix, &overlap, &text);
	report_note(
		"%s: one of the two can be up at a time; to have both, ipop leave %s --with-ca, "
		"and make it again with another --prefix.",
		text.text, c->store.network);
}

static void print_result(const struct creation *c)
{
	(void)printf("The group \"%s\" is made, and this host is its first member.\n\n",
		     c->store.network);
	print_facts(c);
	(void)printf(
		"\nWho has the files of the CA can admit anybody, and without them nobody can: "
		"keep a copy.\n\nNext\n");
	print_next(c->store.network);
	(void)fflush(stdout);
	note_overlap(c);
}

enum exit_code verb_create(const struct cli *cli)
{
	struct creation c = { .cli = cli, .now = clock_now().wall };
	struct complaint complaint;
	enum exit_code code = host_store(cli, cli_argument(cli, 0), &c.store, &complaint);
	int err;

	if (code != EXIT_OK || read_options(&c, &complaint) != 0)
		return report_code(cli, EXIT_USAGE, &complaint);
	err = check_free(&c, &complaint);
	if (err == 0)
		err = read_passphrase(&c, &complaint);
	if (err == 0)
		err = host_entropy(&c.entropy, &complaint);
	if (err == 0)
		err = make_all(&c, &complaint);
	if (err == 0)
		err = write_all(&c, &complaint);
	if (err == 0)
		print_result(&c);
	else
		code = report_failure(cli, err, &complaint);
	key_free(c.key);
	authority_free(&c.authority);
	secret_wipe(&c, sizeof(c));
	return code;
}
