/* group.h - a group and its members in a simulation: real keys and certificates, from one seed. */
#ifndef SIM_GROUP_H
#define SIM_GROUP_H

#include "crypto/ca.h"

/* Everything a member needs; the keys are owned. */
struct group_member {
	struct key *key;
	struct certificate certificate;
};

struct group {
	struct entropy entropy;
	struct key *ca_key;  /* owned */
	struct trust *trust; /* owned */
	uint8_t ca[CA_PEM_BYTES_MAX];
	size_t ca_len;      /* DER */
	struct wall issued; /* when everything was signed */
	uint8_t secret[32]; /* of epoch 1 */
};

/* A CHECK says if anything fails: a simulation can do nothing about it. */
void group_init(struct group *group, uint64_t seed, struct wall issued);
void group_free(struct group *group);

/* `ipv4` may be NULL. Valid for a year. */
void group_member_init(struct group *group, const char *name, const uint8_t *ipv4,
		       struct group_member *ret);
/* A certificate for the same key, name, address and id, issued at another time. */
void group_member_renew(struct group *group, struct wall issued, struct group_member *member);
void group_member_free(struct group_member *member);

#endif
