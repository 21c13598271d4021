/* roster.c - see roster.h. */
#include "roster.h"

#include "base/err.h"
#include "crypto/suite.h"
#include "group/authority_files.h"
#include "io/clock.h"
#include "io/seed.h"
#include "prog/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CERTIFICATE_DAYS 2

static int read_authority(struct roster *roster, const struct store *store,
			  struct complaint *complaint)
{
	struct file_bytes pem = { 0 };
	struct file_path path;
	int err = authority_files_read(store, &roster->entropy, &roster->authority, complaint);

	if (err == 0 && (err = store_path(store, STORE_CA_KEY, &path)) != 0)
		return store_complain(complaint, err, store->root);
	if (err == 0)
		err = store_read_key(path.text, &pem, complaint);
	if (err == 0)
		err = authority_unlock(&roster->authority, span_of(pem.data, pem.len),
				       (struct span){ 0 }, complaint);
	file_free(&pem);
	return err;
}

static int add_member(struct roster *roster, struct wall now, struct complaint *complaint)
{
	struct roster_member *member = &roster->members[roster->count];
	uint8_t secret[KEY_SECRET_BYTES], pem[CA_PEM_BYTES_MAX];
	struct writer w = writer_of(pem, sizeof(pem));
	struct authority_issue issue;
	struct ca_request request;
	const struct authority_wish wish = { .request = &request, .days = CERTIFICATE_DAYS };
	char name[CERTIFICATE_NAME_MAX + 1];
	int err;

	(void)snprintf(name, sizeof(name), "guest-%u", (unsigned)roster->count);
	entropy_bytes(&roster->entropy, secret, sizeof(secret));
	err = key_new(KEY_ED25519, secret, &member->key);
	if (err != 0)
		return complain(complaint, err, "no key for %s: %s", name, err_text(err));
	roster->count++;
	if ((err = ca_request(member->key, name, &w)) != 0 ||
	    (err = ca_request_read(writer_span(&w), &request)) != 0)
		return complain(complaint, err, "no request of %s: %s", name, err_text(err));
	err = authority_sign(&roster->authority, &wish, now, &issue, complaint);
	member->certificate = issue.certificate;
	return err;
}

static int configure(struct roster *roster, struct complaint *complaint)
{
	const struct authority *authority = &roster->authority;
	struct node_config *like = &roster->like;
	const struct bootstrap *line = &authority->bootstrap[0];

	if (authority->bootstrap_count == 0)
		return complain(complaint, ERR_NOT_FOUND,
				"the group has no bootstrap line: whom are its members to dial?");
	*like = (struct node_config){ .trust = authority->trust,
				      .suites = suites_all,
				      .bootstrap_count = 1,
				      .ipv4_prefix.len = authority->ipv4_prefix.len,
				      .built = version_built() };
	memcpy(like->network, authority->network, sizeof(like->network));
	memcpy(like->ipv4_prefix.bytes, authority->ipv4_prefix.ip, sizeof(like->ipv4_prefix.bytes));
	memcpy(like->bootstrap[0].host, line->host, sizeof(line->host));
	like->bootstrap[0].port = line->port;
	like->bootstrap[0].id = line->id;
	for (uint32_t i = 0; i < authority->secrets.count; i++) {
		like->secrets[i].epoch = authority->secrets.epochs[i].epoch;
		memcpy(like->secrets[i].bytes, authority->secrets.epochs[i].bytes,
		       SESSION_SECRET_BYTES);
	}
	return 0;
}

int roster_new(const char *root, const char *network, uint32_t count, struct roster *ret,
	       struct complaint *complaint)
{
	struct store store = { .root = root };
	uint8_t seed[ENTROPY_SEED_BYTES];
	struct wall now;
	int err = network_check_name(network, complaint);

	*ret = (struct roster){ 0 };
	if (err == 0 && (err = seed_read(seed, sizeof(seed))) != 0)
		err = complain(complaint, err, "the kernel gives no random bytes");
	if (err != 0)
		return err;
	entropy_init(&ret->entropy, seed);
	memcpy(store.network, network, strlen(network) + 1);
	ret->members = calloc(count, sizeof(ret->members[0]));
	err = ret->members == NULL ? complain(complaint, ERR_NOMEM, "out of memory")
				   : read_authority(ret, &store, complaint);
	if (err == 0)
		err = configure(ret, complaint);
	now = clock_now().wall;
	while (err == 0 && ret->count < count)
		err = add_member(ret, now, complaint);
	if (err != 0)
		roster_free(ret);
	return err;
}

void roster_free(struct roster *roster)
{
	for (uint32_t i = 0; i < roster->count; i++)
		key_free(roster->members[i].key);
	free(roster->members);
	authority_free(&roster->authority);
	secret_wipe(roster, sizeof(*roster));
}

struct node_config roster_config(const struct roster *roster, uint32_t member)
{
	struct node_config config = roster->like;

	config.key = roster->members[member].key;
	config.certificate = &roster->members[member].certificate;
	config.bundle_issued = config.certificate->not_before;
	return config;
}
