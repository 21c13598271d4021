/* verb_join.c - `ipop join`: a bundle, and the key that its certificate is for, become a network of
 * this host.
 *
 * If the group's CA is on this host, bundles lead here from now on, since only now it is known
 * under which id. Then the key is put down, then the bundle, then the configuration, which makes
 * the host a member; last of all the key's old file goes. Wherever this stops it can be started
 * again, for the key is found in either place. A key that is there is never written over: a bundle
 * for another one is refused, and a renewal changes one file, so that key and certificate always
 * belong together.
 */
#include "base/calendar.h"
#include "base/err.h"
#include "group/authority_files.h"
#include "io/clock.h"
#include "prog/ipop/control.h"
#include "prog/ipop/host.h"
#include "prog/ipop/input.h"
#include "prog/ipop/launch.h"
#include "prog/ipop/report.h"
#include "prog/ipop/verbs.h"
#include "prog/version.h"
#include "vnet/address.h"
#include "wire/endpoint.h"

#include <string.h>
#include <unistd.h>

struct joining {
	const struct cli *cli;
	struct store store;
	struct bundle bundle;
	struct trust *trust; /* owned */
	struct certificate certificate;
	struct key *key; /* owned */
	bool has_key;    /* it is in its place already */
	bool is_same;    /* the bundle was here before */
	bool moved;      /* the CA is here, and its bundles lead to this host's new id */
	struct entropy entropy;
};

static int read_bundle(struct joining *j, struct complaint *complaint)
{
	const char *const name = cli_argument(j->cli, 0);
	struct complaint inner;
	struct file_bytes text;
	struct wall now;
	int err = input_read(name, BUNDLE_BYTES_MAX, &text, complaint);

	if (err != 0)
		return err;
	err = bundle_from_text(span_of(text.data, text.len), &j->bundle, &inner);
	file_free(&text);
	if (err == 0) {
		now = bundle_judged_at(&j->bundle, clock_now().wall, version_built());
		err = bundle_verify(&j->bundle, now, &j->trust, &j->certificate, &inner);
	}
	if (err != 0)
		return complain(complaint, err, "%s: %s", name, inner.text);
	err = cli_has(j->cli, "any-prefix") ? 0 : bundle_check_prefix(&j->bundle, &inner);
	return err == 0 ? 0
			: complain(complaint, err, "%s: %s; --any-prefix joins all the same", name,
				   inner.text);
}

/* Opens a key file if it is there and of this certificate: 0, ERR_NOT_FOUND, ERR_FOREIGN (it is of
 * another one), or another error; with a complaint but for those two. */
static int try_key(struct joining *j, const struct file_path *path, struct complaint *complaint)
{
	struct file_bytes pem;
	struct key *key;
	int err = store_read_key(path->text, &pem, complaint);

	if (err != 0)
		return err;
	err = key_from_pem(span_of(pem.data, pem.len), span_text(""), &key);
	file_free(&pem);
	if (err != 0)
		return store_complain(complaint, err, path->text);
	if (!certificate_is_for(&j->certificate, key)) {
		key_free(key);
		return ERR_FOREIGN;
	}
	j->key = key;
	return 0;
}

/* --- what is here already --- */

/* Which network a damaged bundle was of cannot be told. But the key beside it can: if the new one
 * is for that key, it is this member's, and mends what is broken. */
static int check_damaged(struct joining *j, const struct complaint *damage,
			 struct complaint *complaint)
{
	struct file_path path;
	int err = store_path(&j->store, STORE_KEY, &path);

	if (err == 0)
		err = try_key(j, &path, complaint);
	if (err == ERR_NOT_FOUND || err == ERR_FOREIGN)
		return complain(complaint, ERR_EXISTS,
				"%s; and this bundle is not for the key that stands beside it: "
				"ipop leave %s removes both",
				damage->text, j->store.network);
	j->has_key = err == 0;
	if (err == 0)
		report_note("%s; the new bundle takes its place.", damage->text);
	return err;
}

static int check_renewal(const struct joining *j, const struct bundle *present,
			 struct complaint *complaint)
{
	struct complaint inner;
	const int err = bundle_check_renewal(present, &j->bundle, &inner);

	return err == 0 ? 0
			: complain(complaint, err, "%s: %s", cli_argument(j->cli, 0), inner.text);
}

static int check_present(struct joining *j, struct complaint *complaint)
{
	struct complaint damage;
	struct bundle present;
	int err = store_read_bundle(&j->store, &present, &damage);

	switch (err) {
	case 0:
		err = check_renewal(j, &present, complaint);
		bundle_wipe(&present);
		return err;
	case ERR_NOT_FOUND:
		return 0;
	case ERR_MALFORMED:
	case ERR_TOO_LONG:
		return check_damaged(j, &damage, complaint);
	default:
		*complaint = damage;
		return err;
	}
}

/* --- all of it --- */

/* The CA has given a name and an address to the key that is here, for as long as its certificate
 * lasts, and nothing brings a key back. */
static int refuse_other_key(const struct joining *j, const struct file_path *key,
			    struct complaint *complaint)
{
	const char *const network = j->store.network;
	struct file_path config;
	const bool is_member =
		store_path(&j->store, STORE_CONFIG, &config) == 0 && access(config.text, F_OK) == 0;

	return complain(
		complaint, ERR_EXISTS,
		"this host has another key in \"%s\" (%s), and %s is not for that one: to "
		"renew, have what ipop request --renew %s prints signed; to join anew, %s%s "
		"first",
		network, key->text, cli_argument(j->cli, 0), network,
		is_member ? "ipop leave " : "remove ", is_member ? network : key->text);
}

static int find_key(struct joining *j, struct complaint *complaint)
{
	const struct span spki = span_of(j->certificate.spki, j->certificate.spki_len);
	struct file_path path;
	int err;

	if (j->has_key)
		return 0; /* check_damaged() has it */
	err = store_path(&j->store, STORE_KEY, &path);
	if (err == 0)
		err = try_key(j, &path, complaint);
	j->has_key = err == 0;
	if (err == ERR_FOREIGN)
		return refuse_other_key(j, &path, complaint);
	if (err == ERR_NOT_FOUND && store_request_path(&j->store, spki, &path) == 0)
		err = try_key(j, &path, complaint);
	if (err == ERR_NOT_FOUND || err == ERR_FOREIGN)
		return complain(complaint, ERR_CERTIFICATE,
				"the certificate is for \"%s\", and its key is not on this host; a "
				"bundle is for the machine where ipop request was run",
				j->certificate.name);
	return err;
}

/* Where bundles lead to this host, they promise a port. */
static void choose_port(const struct joining *j, struct config *config)
{
	for (uint32_t i = 0; i < j->bundle.bootstrap_count; i++) {
		if (!config->is_set[CONFIG_PORT] &&
		    id_equal(&j->bundle.bootstrap[i].id, &j->certificate.id)) {
			config->port = j->bundle.bootstrap[i].port;
			config->is_set[CONFIG_PORT] = true;
		}
	}
}

/* What the owner of this host wrote there before stays. */
static int write_config(const struct joining *j, struct complaint *complaint)
{
	struct config config;
	struct file_bytes bytes;
	const int err = store_read(&j->store, STORE_CONFIG, &bytes, complaint);

	if (err == 0)
		file_free(&bytes);
	if (err != ERR_NOT_FOUND)
		return err;
	config_init(&config);
	choose_port(j, &config);
	return store_write_config(&j->store, &config, complaint);
}

/* A key that is in its place has the id that it had; a renewal changes none. */
static int move_bundles(struct joining *j, struct complaint *complaint)
{
	const struct id *const new_id = j->has_key ? NULL : &j->certificate.id;

	return authority_files_join(&j->store, &j->bundle, new_id, &j->moved, complaint);
}

static int write_key(struct joining *j, struct complaint *complaint)
{
	struct file_path path;
	const int err = store_path(&j->store, STORE_KEY, &path);

	if (err != 0)
		return store_complain(complaint, err, j->cli->root);
	return store_write_key(path.text, j->key, span_text(""), &j->entropy, complaint);
}

/* Where the key has waited; if it stays there, it is as well guarded as in its place. */
static void remove_request(const struct joining *j)
{
	struct file_path path;

	if (store_request_path(&j->store, key_spki(j->key), &path) == 0)
		(void)unlink(path.text);
}

static bool same_text(const struct bundle *a, const struct bundle *b)
{
	uint8_t texts[2][BUNDLE_BYTES_MAX];
	struct writer writers[2] = { writer_of(texts[0], BUNDLE_BYTES_MAX),
				     writer_of(texts[1], BUNDLE_BYTES_MAX) };
	const bool same = bundle_to_text(a, &writers[0]) == 0 &&
			  bundle_to_text(b, &writers[1]) == 0 && writer_ok(&writers[0]) &&
			  writer_ok(&writers[1]) &&
			  span_equal(writer_span(&writers[0]), writer_span(&writers[1]));

	secret_wipe(texts, sizeof(texts));
	return same;
}

/* With the CA's lines, if it is here: they are what may have changed. */
static bool is_same(const struct joining *j)
{
	struct complaint unused;
	struct bundle present;
	bool same;

	if (store_read_bundle(&j->store, &present, &unused) != 0)
		return false;
	same = same_text(&present, &j->bundle);
	bundle_wipe(&present);
	return same;
}

static int write_files(struct joining *j, struct complaint *complaint)
{
	int err = store_make_directory(&j->store, STORE_ETC, complaint);

	if (err == 0)
		err = store_make_directory(&j->store, STORE_MEMBER, complaint);
	if (err == 0)
		err = move_bundles(j, complaint);
	j->is_same = err == 0 && is_same(j);
	if (err == 0 && !j->has_key)
		err = write_key(j, complaint);
	if (err == 0)
		err = store_write_bundle(&j->store, &j->bundle, complaint);
	if (err == 0)
		err = write_config(j, complaint);
	if (err == 0)
		remove_request(j);
	return err;
}

static int join(struct joining *j, struct complaint *complaint)
{
	int err = read_bundle(j, complaint);

	if (err != 0)
		return err;
	if (host_store(j->cli, j->bundle.network, &j->store, complaint) != EXIT_OK)
		return ERR_MALFORMED;
	err = check_present(j, complaint);
	if (err == 0)
		err = find_key(j, complaint);
	if (err == 0)
		err = host_entropy(&j->entropy, complaint);
	return err == 0 ? write_files(j, complaint) : err;
}

/* What this host can reach in the network from now on, and nowhere else. */
static void print_routes(const struct bundle *bundle)
{
	static const struct id nobody = { { 0 } };
	const struct ip_address first = address_ipv6(&bundle->network_id, &nobody);
	const struct endpoint v6 = endpoint_v6(first.bytes, 0);
	char v6_text[ENDPOINT_TEXT_CHARS + 1];
	char v4_text[PREFIX_TEXT_CHARS + 1];

	endpoint_ip_to_text(&v6, v6_text);
	prefix_to_text(&bundle->ipv4_prefix, v4_text);
	(void)printf("Routed into it: %s and %s/%d.\n", v4_text, v6_text, ADDRESS_IPV6_PREFIX_LEN);
}

/* `up` refuses the second of the two. */
static void note_overlap(const struct joining *j)
{
	const struct prefix *const prefix = &j->bundle.ipv4_prefix;
	struct host_overlap overlap;
	struct complaint text;

	if (!host_find_overlap(&j->store, prefix, &overlap))
		return;
	host_overlap_text(&j->store, prefix, &overlap, &text);
	report_note("%s: one of the two can be up at a time, and ipop down %s makes room for this "
		    "one.",
		    text.text, overlap.network);
}

static void print_result(const struct joining *j)
{
	char until[CALENDAR_TEXT_CHARS + 1];

	calendar_to_text(j->certificate.not_after, until);
	(void)printf("Joined \"%s\" as \"%s\"; the certificate ends %s.\n", j->store.network,
		     j->certificate.name, until);
	print_routes(&j->bundle);
	(void)fflush(stdout);
	note_overlap(j);
	if (j->moved)
		report_note("Bundles lead to this host under its new id from now on. A member with "
			    "an older one may not find a way in after a restart: sign its request "
			    "again.");
}

/* A daemon reads its bundle when it begins. One that runs with this very bundle goes on; it may
 * have missed it (--no-up), so it is asked. */
static bool has_other_bundle(const struct joining *j)
{
	return launch_is_running(&j->store) &&
	       !(j->is_same && launch_runs_until(&j->store, j->certificate.not_after));
}

static enum exit_code start(const struct joining *j)
{
	return has_other_bundle(j) ? launch_renew(j->cli, &j->store, &j->certificate)
				   : launch_up(j->cli, &j->store);
}

static void print_next(const struct joining *j)
{
	const char *const network = j->store.network;

	if (has_other_bundle(j))
		report_note("%s is running with what it had before; next: ipop reload %s", network,
			    network);
	else
		report_note("Next: ipop up %s", network);
}

enum exit_code verb_join(const struct cli *cli)
{
	struct joining j = { .cli = cli };
	struct complaint complaint;
	const int err = join(&j, &complaint);
	enum exit_code code = EXIT_OK;

	if (err != 0)
		code = report_failure(cli, err, &complaint);
	else
		print_result(&j);
	key_free(j.key);
	trust_free(j.trust);
	bundle_wipe(&j.bundle);
	entropy_wipe(&j.entropy);
	if (code == EXIT_OK && cli_has(cli, "no-up"))
		print_next(&j);
	else if (code == EXIT_OK)
		code = start(&j);
	return code;
}
