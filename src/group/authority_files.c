/* authority_files.c - see authority_files.h. */
#include "group/authority_files.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "group/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int authority_files_lock(const struct store *store, int *ret_fd, struct complaint *complaint)
{
	struct file_path path;
	int err = store_path(store, STORE_CA_LOCK, &path);

	if (err == 0)
		err = file_lock_wait(path.text, ret_fd);
	return err == 0 ? 0 : store_complain(complaint, err, path.text);
}

static int complain_damaged(const struct store *store, enum store_file file, int err,
			    struct complaint *complaint)
{
	struct file_path path;

	CHECK(store_path(store, file, &path) == 0);
	if (err == ERR_FOREIGN)
		return complain(complaint, err, "%s: not of the CA that stands beside it",
				path.text);
	return complain(complaint, err,
			"%s: damaged; bring it back from a copy, as nothing can be signed without "
			"knowing what was signed before",
			path.text);
}

/* What nobody can make again. */
static int complain_gone(const struct store *store, enum store_file file,
			 struct complaint *complaint)
{
	struct file_path path;

	CHECK(store_path(store, file, &path) == 0);
	return complain(complaint, ERR_NOT_FOUND,
			"%s: is gone, while the CA that it belongs to is there; bring it back from "
			"a copy, the newest that there is",
			path.text);
}

static int read_certificate(const struct store *store, struct authority *authority,
			    struct complaint *complaint)
{
	struct file_bytes bytes = { .len = 0 };
	int err = store_read(store, STORE_CA_CERTIFICATE, &bytes, complaint);

	if (err == ERR_NOT_FOUND)
		return complain(complaint, err,
				"the CA of a group \"%s\" is not on this host (ipop group create "
				"makes one)",
				store->network);
	if (err != 0)
		return err;
	err = text_copy(span_of(bytes.data, bytes.len), authority->ca, sizeof(authority->ca));
	if (err == 0)
		err = trust_new_group(span_text(authority->ca), &authority->trust);
	file_free(&bytes);
	return err == 0 ? 0 : complain_damaged(store, STORE_CA_CERTIFICATE, err, complaint);
}

static int read_secrets(const struct store *store, struct authority *authority,
			struct complaint *complaint)
{
	struct file_bytes bytes = { .len = 0 };
	int err = store_read(store, STORE_CA_SECRET, &bytes, complaint);

	if (err == ERR_NOT_FOUND)
		return complain_gone(store, STORE_CA_SECRET, complaint);
	if (err != 0)
		return err;
	err = network_secrets_from_text(span_of(bytes.data, bytes.len), &authority->secrets);
	file_free(&bytes);
	return err == 0 ? 0 : complain_damaged(store, STORE_CA_SECRET, err, complaint);
}

static int read_registry(const struct store *store, struct authority *authority,
			 struct complaint *complaint)
{
	struct file_bytes bytes = { .len = 0 };
	int err = store_read(store, STORE_CA_REGISTRY, &bytes, complaint);

	if (err == ERR_NOT_FOUND)
		return complain_gone(store, STORE_CA_REGISTRY, complaint);
	if (err != 0)
		return err;
	err = registry_from_text(span_of(bytes.data, bytes.len), trust_network(authority->trust),
				 &authority->registry);
	file_free(&bytes);
	return err == 0 ? 0 : complain_damaged(store, STORE_CA_REGISTRY, err, complaint);
}

static int read_settings(const struct store *store, struct authority *authority,
			 struct complaint *complaint)
{
	struct file_bytes bytes = { .len = 0 };
	struct file_path path;
	struct config config;
	int err = store_read(store, STORE_CA_CONFIG, &bytes, complaint);

	if (err != 0)
		return err;
	CHECK(store_path(store, STORE_CA_CONFIG, &path) == 0);
	err = config_parse(span_of(bytes.data, bytes.len), path.text, &config, complaint);
	file_free(&bytes);
	if (err != 0)
		return err;
	if (!config.is_set[CONFIG_IPV4_PREFIX])
		return complain(complaint, ERR_MALFORMED, "%s: %s is missing", path.text,
				config_option(CONFIG_IPV4_PREFIX)->name);
	authority->ipv4_prefix = config.ipv4_prefix;
	authority->bootstrap_count = config.bootstrap.count;
	memcpy(authority->bootstrap, config.bootstrap.lines, sizeof(authority->bootstrap));
	return 0;
}

int authority_files_read(const struct store *store, struct entropy *entropy, struct authority *ret,
			 struct complaint *complaint)
{
	struct authority authority = { .entropy = entropy };
	int err;

	memcpy(authority.network, store->network, sizeof(authority.network));
	err = read_certificate(store, &authority, complaint);
	if (err == 0)
		err = read_registry(store, &authority, complaint);
	if (err == 0)
		err = read_secrets(store, &authority, complaint);
	if (err == 0)
		err = read_settings(store, &authority, complaint);
	if (err != 0) {
		authority_free(&authority);
		return err;
	}
	*ret = authority;
	secret_wipe(&authority.secrets, sizeof(authority.secrets));
	return 0;
}

int authority_files_write_registry(const struct store *store, const struct authority *authority,
				   struct complaint *complaint)
{
	const size_t capacity = registry_text_bytes(&authority->registry);
	uint8_t *const text = malloc(capacity);
	struct writer w = writer_of(text, capacity);
	int err;

	if (text == NULL)
		return complain(complaint, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	registry_to_text(&authority->registry, &w);
	CHECK(writer_ok(&w));
	err = store_write(store, STORE_CA_REGISTRY, writer_span(&w), complaint);
	free(text);
	return err;
}

int authority_files_write_secrets(const struct store *store, const struct authority *authority,
				  struct complaint *complaint)
{
	uint8_t text[NETWORK_SECRETS_TEXT_MAX];
	struct writer w = writer_of(text, sizeof(text));
	int err;

	network_secrets_to_text(&authority->secrets, &w);
	CHECK(writer_ok(&w));
	err = store_write(store, STORE_CA_SECRET, writer_span(&w), complaint);
	secret_wipe(text, sizeof(text));
	return err;
}

/* What enters each bundle: prefix and bootstrap lines. */
int authority_files_write_settings(const struct store *store, const struct authority *authority,
				   struct complaint *complaint)
{
	uint8_t text[CONFIG_BYTES_MAX];
	struct writer w = writer_of(text, sizeof(text));
	struct config config;

	config_init(&config);
	config.ipv4_prefix = authority->ipv4_prefix;
	config.is_set[CONFIG_IPV4_PREFIX] = true;
	config.bootstrap.count = authority->bootstrap_count;
	memcpy(config.bootstrap.lines, authority->bootstrap, sizeof(authority->bootstrap));
	config.is_set[CONFIG_BOOTSTRAP] = authority->bootstrap_count > 0;
	config_print(&config, &w);
	CHECK(writer_ok(&w));
	return store_write(store, STORE_CA_CONFIG, writer_span(&w), complaint);
}

static int write_authority_key(const struct store *store, const struct authority *authority,
			       struct span passphrase, struct complaint *complaint)
{
	struct file_path path;
	int err = store_path(store, STORE_CA_KEY, &path);

	if (err != 0)
		return store_complain(complaint, err, store->root);
	return store_write_key(path.text, authority->key, passphrase, authority->entropy,
			       complaint);
}

int authority_files_check_none(const struct store *store, struct complaint *complaint)
{
	struct file_bytes bytes = { .len = 0 };
	struct file_path path;
	const int err = store_read(store, STORE_CA_KEY, &bytes, complaint);

	if (err == ERR_NOT_FOUND)
		return 0;
	if (err != 0)
		return err;
	file_free(&bytes);
	CHECK(store_path(store, STORE_CA_KEY, &path) == 0);
	return complain(complaint, ERR_EXISTS,
			"%s: the group \"%s\" exists already; ipop request and ipop group sign %s "
			"make this host a member again, ipop leave %s --with-ca ends the group",
			path.text, store->network, store->network, store->network);
}

int authority_files_create(const struct store *store, const struct authority *authority,
			   struct span passphrase, struct complaint *complaint)
{
	int err = store_write(store, STORE_CA_CERTIFICATE, span_text(authority->ca), complaint);

	if (err == 0)
		err = authority_files_write_secrets(store, authority, complaint);
	if (err == 0)
		err = authority_files_write_settings(store, authority, complaint);
	if (err == 0)
		err = authority_files_write_registry(store, authority, complaint);
	if (err == 0)
		err = write_authority_key(store, authority, passphrase, complaint);
	return err;
}

/* With the lock held. */
static int join_authority(const struct store *store, struct bundle *bundle, const struct id *new_id,
			  bool *ret_moved, struct complaint *complaint)
{
	struct authority authority = { .bootstrap_count = 0 };
	bool moved = false;
	int err = read_certificate(store, &authority, complaint);

	if (err == 0 && SECCHECK(SEC_AUTHORITY_NETWORK,
				 id_equal(trust_network(authority.trust), &bundle->network_id))) {
		err = read_settings(store, &authority, complaint);
		moved = err == 0 && new_id != NULL && authority_move_host(&authority, new_id);
		if (moved)
			err = authority_files_write_settings(store, &authority, complaint);
		if (err == 0) {
			bundle->bootstrap_count = authority.bootstrap_count;
			memcpy(bundle->bootstrap, authority.bootstrap, sizeof(bundle->bootstrap));
		}
	}
	authority_free(&authority);
	if (err == 0)
		*ret_moved = moved;
	return err;
}

int authority_files_join(const struct store *store, struct bundle *bundle, const struct id *new_id,
			 bool *ret_moved, struct complaint *complaint)
{
	struct file_path key;
	int lock = -1;
	int err = store_path(store, STORE_CA_KEY, &key);

	if (err != 0)
		return store_complain(complaint, err, store->root);
	*ret_moved = false;
	if (access(key.text, F_OK) != 0) /* the last of a CA's files */
		return 0;
	err = authority_files_lock(store, &lock, complaint);
	if (err != 0)
		return err;
	err = join_authority(store, bundle, new_id, ret_moved, complaint);
	(void)close(lock); /* empty */
	return err;
}
