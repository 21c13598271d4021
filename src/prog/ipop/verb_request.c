/* verb_request.c - `ipop request`: a key that never leaves this host, and a request for its
 * certificate. */
#include "base/err.h"
#include "crypto/ca.h"
#include "prog/ipop/host.h"
#include "prog/ipop/options.h"
#include "prog/ipop/report.h"
#include "prog/ipop/verbs.h"

#include <string.h>
#include <unistd.h>

#define KEY_TRIES 8 /* one draw in 2^32 is no P-256 key */

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

static int make_key(enum key_kind kind, struct entropy *entropy, struct key **ret)
{
	uint8_t secret[KEY_SECRET_BYTES];
	int err = ERR_CRYPTO;

	for (unsigned i = 0; i < KEY_TRIES && err == ERR_CRYPTO; i++) {
		entropy_bytes(entropy, secret, sizeof(secret));
		err = key_new(kind, secret, ret);
	}
	secret_wipe(secret, sizeof(secret));
	return err;
}

/* Keeps the key where `ipop join` will find it. */
static int keep_key(const struct cli *cli, const struct key *key, struct entropy *entropy,
		    struct file_path *ret, struct complaint *complaint)
{
	const struct store store = { .root = cli->root };
	int err = store_make_directory(&store, STORE_REQUESTS, complaint);

	if (err != 0)
		return err;
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

enum cli_exit verb_request(const struct cli *cli)
{
	char name[CERTIFICATE_NAME_MAX + 1];
	struct complaint complaint;
	struct entropy entropy;
	struct key *key = NULL;
	struct file_path path;
	enum key_kind kind;
	int err;

	if (options_host_name(cli, name, &complaint) != 0 || read_kind(cli, &kind, &complaint) != 0)
		return report_code(cli, CLI_USAGE, &complaint);
	err = host_entropy(&entropy, &complaint);
	if (err != 0)
		return report_failure(cli, err, &complaint);
	err = make_key(kind, &entropy, &key);
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
	report_note("Have the request signed where the group's CA is: "
		    "ipop group sign NAME REQUEST > BUNDLE");
	return CLI_OK;
}
