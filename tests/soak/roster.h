/* roster.h - members that a group's CA has never heard of: made in memory, with the key that is in
 * the CA's files, so that a test has many.
 */
#ifndef TESTS_SOAK_ROSTER_H
#define TESTS_SOAK_ROSTER_H

#include "group/authority.h"
#include "node/event.h"

struct roster_member {
	struct key *key; /* owned */
	struct certificate certificate;
};

struct roster {
	struct entropy entropy;
	struct authority authority;    /* owned */
	struct roster_member *members; /* owned */
	uint32_t count;
	struct node_config like; /* of all, but for key and certificate */
};

/* Reads the CA of `network` below the directory `root`, whose files stay as they are. The group's
 * lines lead to its first member: that is who is dialled. 0 or an error with a complaint. */
int roster_new(const char *root, const char *network, uint32_t count, struct roster *ret,
	       struct complaint *complaint);
void roster_free(struct roster *roster);

/* What a node of that member is made with; borrows from the roster. */
struct node_config roster_config(const struct roster *roster, uint32_t member);

#endif
