/* policy.c - see policy.h. One table of functions a kind; the lists are small and searched whole.
 */
#include "node/policy.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"

#include <stdlib.h>

/* Of all holders of 80 bits that were seen those two whose certificates last longest. */
struct twins {
	struct policy_holder last;   /* ends last; not_after 0: unused */
	struct policy_holder second; /* ends before: then the other one is alone */
};

struct policy {
	enum policy_kind kind;
	struct policy_revoked *revoked; /* owned, as the friends; both grow as they come */
	size_t revoked_count;
	uint8_t (*friends)[HASH_BYTES];
	size_t friend_count;
	struct twins twins[POLICY_TWINS_MAX];
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
	if (policy == NULL)
		return;
	free(policy->revoked);
	free(policy->friends);
	free(policy);
}

/* Room for one more than `count`: the list, perhaps elsewhere, or NULL without memory. It is full
 * whenever their number is a power of two. */
static void *room_for_one(void *list, size_t count, size_t item_bytes)
{
	if ((count & (count - 1)) != 0)
		return list;
	return realloc(list, (count == 0 ? 1 : 2 * count) * item_bytes);
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
	void *friends = room_for_one(policy->friends, policy->friend_count, HASH_BYTES);

	if (friends == NULL)
		return ERR_NOMEM;
	policy->friends = friends;
	memcpy(policy->friends[policy->friend_count++], spki_hash, HASH_BYTES);
	return 0;
}

int policy_revoke(struct policy *policy, const struct policy_revoked *revoked)
{
	CHECK(policy->kind == POLICY_GROUP);
	if (policy->revoked_count == POLICY_REVOKED_MAX)
		return ERR_FULL;
	struct policy_revoked *list =
		room_for_one(policy->revoked, policy->revoked_count, sizeof(*list));

	if (list == NULL)
		return ERR_NOMEM;
	policy->revoked = list;
	list[policy->revoked_count++] = *revoked;
	return 0;
}

/* The place of those 80 bits, or one for them: unused, or of whom is forgotten the soonest. */
static struct twins *place_of(struct policy *policy, const struct id *id)
{
	struct twins *place = &policy->twins[0];

	for (size_t i = 0; i < POLICY_TWINS_MAX; i++) {
		struct twins *twins = &policy->twins[i];

		if (twins->last.not_after.us != 0 && id_prefix_equal(&twins->last.id, id))
			return twins;
		if (twins->second.not_after.us < place->second.not_after.us)
			place = twins;
	}
	*place = (struct twins){ 0 };
	return place;
}

/* One more holder; a certificate that was renewed takes the place of the one before. */
static void add_holder(struct twins *twins, const struct policy_holder *holder)
{
	struct policy_holder *old = &twins->second;

	if (twins->last.not_after.us != 0 && id_equal(&twins->last.id, &holder->id))
		old = &twins->last;
	if (holder->not_after.us > old->not_after.us)
		*old = *holder;
	if (twins->second.not_after.us > twins->last.not_after.us) {
		const struct policy_holder swap = twins->last;

		twins->last = twins->second;
		twins->second = swap;
	}
}

void policy_refuse_twins(struct policy *policy, const struct policy_holder *a,
			 const struct policy_holder *b)
{
	struct twins *twins = place_of(policy, &a->id);

	CHECK(id_prefix_equal(&a->id, &b->id) && !id_equal(&a->id, &b->id));
	add_holder(twins, a);
	add_holder(twins, b);
}

/* True while two certificates whose ids begin like this one live. */
static bool has_twins(const struct policy *policy, const struct id *id, struct wall now)
{
	const int64_t skew_us = CERTIFICATE_SKEW_S * INT64_C(1000000);

	for (size_t i = 0; i < POLICY_TWINS_MAX; i++) {
		const struct twins *twins = &policy->twins[i];

		if (twins->last.not_after.us != 0 && id_prefix_equal(&twins->last.id, id))
			return now.us <= twins->second.not_after.us + skew_us;
	}
	return false;
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
	if (!SECCHECK(SEC_POLICY_TWINS, !has_twins(policy, &certificate->id, now)))
		return ERR_EXISTS;
	switch (policy->kind) {
	case POLICY_GROUP:
		return ask_group(policy, question, certificate, now);
	case POLICY_OPEN:
		return ask_open(policy, question, certificate);
	}
	UNREACHABLE();
}
