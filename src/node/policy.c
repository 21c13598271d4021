/* policy.c - see policy.h. One table of functions a kind; the lists are small and searched whole.
 */
#include "node/policy.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"

#include <stdlib.h>

struct policy {
	enum policy_kind kind;
	struct policy_revoked revoked[POLICY_REVOKED_MAX];
	size_t revoked_count;
	uint8_t friends[POLICY_FRIENDS_MAX][HASH_BYTES];
	size_t friend_count;
};

int policy_new(enum policy_kind kind, struct policy **ret)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (policy == NULL)
		return ERR_NOMEM;
	policy->kind = kind;
	*ret = policy;
	return 0;
}

void policy_del(struct policy *policy)
{
	free(policy);
}

static bool is_friend(const struct policy *policy, const uint8_t spki_hash[HASH_BYTES])
{
	for (size_t i = 0; i < policy->friend_count; i++)
		if (memcmp(policy->friends[i], spki_hash, HASH_BYTES) == 0)
			return true;
	return false;
}

/* By serial, which names the certificate, or by key: a revoked key is not saved by a new serial,
 * and bytes of the certificate are never compared, since a signature can be written in more than
 * one way. */
static bool is_revoked(const struct policy *policy, const struct certificate *certificate)
{
	const struct span serial = span_of(certificate->serial, certificate->serial_len);

	for (size_t i = 0; i < policy->revoked_count; i++) {
		const struct policy_revoked *r = &policy->revoked[i];

		if (span_equal(serial, span_of(r->serial, r->serial_len)) ||
		    memcmp(r->spki_hash, certificate->spki_hash, HASH_BYTES) == 0)
			return true;
	}
	return false;
}

int policy_befriend(struct policy *policy, const uint8_t spki_hash[HASH_BYTES])
{
	CHECK(policy->kind == POLICY_OPEN);
	if (is_friend(policy, spki_hash))
		return 0;
	if (policy->friend_count == POLICY_FRIENDS_MAX)
		return ERR_FULL;
	memcpy(policy->friends[policy->friend_count++], spki_hash, HASH_BYTES);
	return 0;
}

int policy_revoke(struct policy *policy, const struct policy_revoked *revoked)
{
	CHECK(policy->kind == POLICY_GROUP);
	if (policy->revoked_count == POLICY_REVOKED_MAX)
		return ERR_FULL;
	policy->revoked[policy->revoked_count++] = *revoked;
	return 0;
}

static int ask_group(const struct policy *policy, enum policy_question question,
		     const struct certificate *certificate, struct wall now)
{
	const int err = certificate_check_time(certificate, now);

	(void)question; /* a member in good standing may do all that members do */
	if (!SECCHECK(SEC_POLICY_CLASS_GROUP, certificate->class == CERTIFICATE_GROUP))
		return ERR_DENIED;
	if (!SECCHECK(SEC_POLICY_TIME, err == 0))
		return err == 0 ? ERR_EXPIRED : err;
	if (!SECCHECK(SEC_POLICY_REVOKED, !is_revoked(policy, certificate)))
		return ERR_REVOKED;
	return 0;
}

static int ask_open(const struct policy *policy, enum policy_question question,
		    const struct certificate *certificate)
{
	if (!SECCHECK(SEC_POLICY_CLASS_OPEN, certificate->class == CERTIFICATE_OPEN))
		return ERR_DENIED;
	switch (question) {
	case POLICY_MAY_LINK: /* anybody may help the overlay along */
	case POLICY_MAY_ROUTE:
		return 0;
	case POLICY_MAY_VOTE: /* ids are free here, so a majority of them proves nothing */
		return ERR_DENIED;
	case POLICY_MAY_STORE:
	case POLICY_MAY_RELAY:
	case POLICY_MAY_IP:
		if (!SECCHECK(SEC_POLICY_FRIEND, is_friend(policy, certificate->spki_hash)))
			return ERR_DENIED;
		return 0;
	case POLICY_QUESTIONS:
		break;
	}
	UNREACHABLE();
}

int policy_ask(const struct policy *policy, enum policy_question question,
	       const struct certificate *certificate, struct wall now)
{
	switch (policy->kind) {
	case POLICY_GROUP:
		return ask_group(policy, question, certificate, now);
	case POLICY_OPEN:
		return ask_open(policy, question, certificate);
	}
	UNREACHABLE();
}
