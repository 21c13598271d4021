/* policy.h - what a peer may do, asked in one place. It is asked, never bypassed.
 *
 * Two kinds from the start: *group* (certificates of the group's CA, revocation, network secret)
 * and *open* (self-signed identities, no secret, friends). A machine poses its question as a
 * result of its poll, node/ asks here and carries the answer back as an input.
 */
#ifndef NODE_POLICY_H
#define NODE_POLICY_H

#include "crypto/certificate.h"

#define POLICY_REVOKED_MAX 1024
#define POLICY_FRIENDS_MAX 256
#define POLICY_TWINS_MAX 64

enum policy_kind { POLICY_GROUP, POLICY_OPEN };

enum policy_question {
	POLICY_MAY_LINK,  /* hold a session with us */
	POLICY_MAY_ROUTE, /* have its routed messages carried on */
	POLICY_MAY_STORE, /* put records here */
	POLICY_MAY_RELAY, /* have its packets relayed by us */
	POLICY_MAY_VOTE,  /* count in a quorum */
	POLICY_MAY_IP,    /* exchange IP packets with us */
	POLICY_QUESTIONS,
};

struct policy; /* opaque */

/* What names a revoked certificate: issuer is the group's CA, so serial; and the key. */
struct policy_revoked {
	uint8_t serial[CERTIFICATE_SERIAL_MAX];
	uint8_t serial_len;
	uint8_t spki_hash[HASH_BYTES];
};

/* 0 or ERR_NOMEM. */
int policy_new(enum policy_kind kind, struct policy **ret);
void policy_del(struct policy *policy);

/* Open: only befriended keys may exchange IP. 0, ERR_FULL or ERR_NOMEM. */
int policy_befriend(struct policy *policy, const uint8_t spki_hash[HASH_BYTES]);
/* Group: matched by serial or by key. 0, ERR_FULL or ERR_NOMEM. */
int policy_revoke(struct policy *policy, const struct policy_revoked *revoked);

/* Whose id it is, and how long a certificate says so. */
struct policy_holder {
	struct id id;
	struct wall not_after;
};

/* These two share the first 80 bits of their ids: nobody with such an id may do anything until one
 * of the two certificates has ended (of several, until one alone is left). Both kinds. Of more than
 * POLICY_TWINS_MAX such pairs the one is forgotten that would be the soonest; who has two of them
 * among its peers finds them again. */
void policy_refuse_twins(struct policy *policy, const struct policy_holder *a,
			 const struct policy_holder *b);

/* 0, or why not: ERR_DENIED, ERR_REVOKED, ERR_EXPIRED, ERR_NOT_YET, ERR_EXISTS (a twin). The
 * certificate has been verified. */
int policy_ask(const struct policy *policy, enum policy_question question,
	       const struct certificate *certificate, struct wall now);

#endif
