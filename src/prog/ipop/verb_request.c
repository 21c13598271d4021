/* verb_request.c - `ipop request`: a key that never leaves this host, and a request for its
 * certificate; or, to renew that, one for the key that is here.
 */
#include "base/err.h"
#include "crypto/ca.h"
#include "prog/ipop/host.h"
#include "prog/ipop/options.h"
#include "prog/ipop/report.h"
#include "prog/ipop/verbs.h"

#include <string.h>
#include <unistd.h>

static int read_kind(const struct cli *cli, enum key_kind *ret, struct complaint *complaint)
{
	const char *const text = cli_value(cli, "key", 0);

	*ret = KEY_ED25519;
	if (text == NULL || strcmp(text, "ed25519") == 0)
		return 0;
	*ret = KEY_P256;
	if (strcmp(text, "p256") == 0)
		return 0;
	return complain(complaint, ERR_MALFORMED, "--key: \"%.40s\" must be ed25519 or p256", text);
}

/* Keeps the key where `ipop join` will find it. */
static int keep_key(const struct cli *cli, const struct key *key, struct entropy *entropy,
		    struct file_path *ret, struct complaint *complaint)
{
	const struct store store = { .root = cli->root };
	int err;

	host_tell_new_root(cli);
	err = store_make_directory(&store, STORE_REQUESTS, complaint);
	if (err != 0)
		return err;
	store_sweep(&store, STORE_REQUESTS);
	err = store_request_path(&store, key_spki(key), ret);
	if (err != 0)
		return complain(complaint, err, "%s: %s", cli->root, err_text(err));
	return store_write_key(ret->text, key, span_text(""), entropy, complaint);
}

static int print_request(const struct key *key, const char *name, struct complaint *complaint)
{
	uint8_t pem[CA_PEM_BYTES_MAX];
	struct writer w = writer_of(pem, sizeof(pem));
	int err = ca_request(key, name, &w);

	if (err == 0 && (fwrite(pem, 1, w.len, stdout) != w.len || fflush(stdout) != 0))
		err = ERR_IO;
	return err == 0 ? 0
			: complain(complaint, err, "the request could not be written: %s",
				   err_text(err));
}

static void print_next(const char *network)
{
	report_note("Have the request signed where the group's CA is: "
		    "ipop group sign %s REQUEST > BUNDLE",
		    network);
}

static enum exit_code request_new(const struct cli *cli)
{
	char name[CERTIFICATE_NAME_MAX + 1];
	struct complaint complaint;
	struct entropy entropy;
	struct key *key = NULL;
	struct file_path path;
	enum key_kind kind;
	int err;

	if (options_host_name(cli, name, &complaint) != 0 || read_kind(cli, &kind, &complaint) != 0)
		return report_code(cli, EXIT_USAGE, &complaint);
	err = host_entropy(&entropy, &complaint);
	if (err != 0)
		return report_failure(cli, err, &complaint);
	err = key_draw(kind, &entropy, &key);
	if (err != 0)
		(void)complain(&complaint, err, "no key could be made: %s", err_text(err));
	if (err == 0)
		err = keep_key(cli, key, &entropy, &path, &complaint);
	if (err == 0) {
		err = print_request(key, name, &complaint);
		if (err != 0)
			(void)unlink(path.text); /* of a request that nobody has */
	}
	key_free(key);
	entropy_wipe(&entropy);
	if (err != 0)
		return report_failure(cli, err, &complaint);
	report_note("The private key stays here, in %s (0600).", path.text);
	print_next("NAME");
	return EXIT_OK;
}

/* --- renewal --- */

/* This host's certificate, which may have ended: it is judged as of its first day. */
static int read_certificate(const struct store *store, struct certificate *ret,
			    struct complaint *complaint)
{
	struct complaint inner;
	struct bundle bundle;
	struct trust *trust;
	struct wall issued;
	int err = store_read_bundle(store, &bundle, complaint);

	if (err != 0)
		return err;
	if (!bundle_issued(&bundle, &issued))
		issued = (struct wall){ 0 }; /* and the next call says what is wrong with it */
	err = bundle_verify(&bundle, issued, &trust, ret, &inner);
	if (err == 0)
		trust_free(trust);
	bundle_wipe(&bundle);
	return err == 0 ? 0
			: complain(complaint, err, "the bundle of \"%s\": %s", store->network,
				   inner.text);
}

/* This host's key, which has to be the certificate's. */
static int read_own_key(const struct store *store, const struct certificate *certificate,
			struct key **ret, struct complaint *complaint)
{
	struct file_bytes pem;
	struct file_path path;
	struct key *key;
	int err = store_path(store, STORE_KEY, &path);

	if (err != 0)
		return store_complain(complaint, err, store->root);
	err = store_read_key(path.text, &pem, complaint);
	if (err != 0)
		return err;
	err = key_from_pem(span_of(pem.data, pem.len), span_text(""), &key);
	file_free(&pem);
	if (err != 0)
		return store_complain(complaint, err, path.text);
	if (!certificate_is_for(certificate, key)) {
		key_free(key);
		return complain(complaint, ERR_CERTIFICATE,
				"%s: not the key of this host's certificate, so it cannot be "
				"renewed: bring the key back from a copy",
				path.text);
	}
	*ret = key;
	return 0;
}

static enum exit_code request_renewal(const struct cli *cli, const char *network)
{
	struct certificate certificate;
	struct complaint complaint;
	struct key *key = NULL;
	struct store store;
	enum exit_code code;
	int err;

	if (cli_has(cli, "name") || cli_has(cli, "key")) {
		(void)complain(&complaint, 0,
			       "--renew: name and key stay as they are, so --name and --key have "
			       "no place here");
		return report_code(cli, EXIT_USAGE, &complaint);
	}
	code = host_choose(cli, network, &store, &complaint);
	if (code != EXIT_OK)
		return report_code(cli, code, &complaint);
	err = read_certificate(&store, &certificate, &complaint);
	if (err == 0)
		err = read_own_key(&store, &certificate, &key, &complaint);
	if (err == 0) {
		err = print_request(key, certificate.name, &complaint);
		key_free(key);
	}
	if (err != 0)
		return report_failure(cli, err, &complaint);
	print_next(store.network);
	report_note("Then, here: ipop join BUNDLE. Name, id and addresses stay.");
	return EXIT_OK;
}

enum exit_code verb_request(const struct cli *cli)
{
	const char *const network = cli_value(cli, "renew", 0);

	return network == NULL ? request_new(cli) : request_renewal(cli, network);
}
