/* group.c - see group.h. */
#include "sim/group.h"

#include "base/check.h"

static struct key *make_key(struct entropy *entropy)
{
	uint8_t secret[KEY_SECRET_BYTES];
	struct key *key;

	entropy_bytes(entropy, secret, sizeof(secret));
	CHECK(key_new(KEY_ED25519, secret, &key) == 0);
	return key;
}

void group_init(struct group *group, uint64_t seed, struct wall issued)
{
	uint8_t bytes[ENTROPY_SEED_BYTES] = { 0 };
	struct writer w;

	*group = (struct group){ .issued = issued };
	memcpy(bytes, &seed, sizeof(seed));
	entropy_init(&group->entropy, bytes);
	group->ca_key = make_key(&group->entropy);
	entropy_bytes(&group->entropy, group->secret, sizeof(group->secret));
	w = writer_of(group->ca, sizeof(group->ca));
	CHECK(ca_new(group->ca_key, "test", issued, &group->entropy, &w) == 0);
	group->ca_len = w.len;
	CHECK(trust_new_group(writer_span(&w), &group->trust) == 0);
}

void group_free(struct group *group)
{
	trust_free(group->trust);
	key_free(group->ca_key);
	*group = (struct group){ 0 };
}

/* Signs what `member` has the key for. */
static void sign(struct group *group, const char *name, const struct ca_grant *like,
		 struct group_member *member)
{
	uint8_t pem[CA_PEM_BYTES_MAX], der[CERTIFICATE_BYTES_MAX];
	struct writer request_w = writer_of(pem, sizeof(pem));
	struct writer w = writer_of(der, sizeof(der));
	struct ca_request request;
	struct ca_grant grant = *like;

	CHECK(ca_request(member->key, name, &request_w) == 0);
	CHECK(ca_request_read(writer_span(&request_w), &request) == 0);
	grant.request = &request;
	grant.days = CA_DAYS_DEFAULT;
	CHECK(ca_sign(group->ca_key, span_of(group->ca, group->ca_len), &grant, &group->entropy,
		      &w) == 0);
	CHECK(certificate_verify(group->trust, writer_span(&w), grant.now, &member->certificate) ==
	      0);
}

void group_member_init(struct group *group, const char *name, const uint8_t *ipv4,
		       struct group_member *ret)
{
	struct ca_grant grant = { .now = group->issued, .has_ipv4 = ipv4 != NULL };

	ret->key = make_key(&group->entropy);
	if (ipv4 != NULL)
		memcpy(grant.ipv4, ipv4, sizeof(grant.ipv4));
	entropy_bytes(&group->entropy, grant.salt, sizeof(grant.salt));
	sign(group, name, &grant, ret);
}

void group_member_renew(struct group *group, struct wall issued, struct group_member *member)
{
	struct ca_grant grant = { .now = issued, .has_ipv4 = member->certificate.has_ipv4 };
	char name[CERTIFICATE_NAME_MAX + 1];

	memcpy(name, member->certificate.name, sizeof(name));
	memcpy(grant.ipv4, member->certificate.ipv4, sizeof(grant.ipv4));
	memcpy(grant.salt, member->certificate.salt, sizeof(grant.salt));
	sign(group, name, &grant, member);
}

void group_member_free(struct group_member *member)
{
	key_free(member->key);
	*member = (struct group_member){ 0 };
}
