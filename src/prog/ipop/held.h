/* held.h - addresses that are held by who has no place in the group any more: a member that was
 * revoked, or whose certificate has ended. The CA gives none of them away by itself (registry.h);
 * its administrator may, and is told what that means. */
#ifndef PROG_IPOP_HELD_H
#define PROG_IPOP_HELD_H

#include "group/authority.h"

/* Makes of the complaint that no address is free one that says which could be given away. */
int held_complain(const struct authority *authority, struct wall now, struct complaint *complaint);

/* The member that was revoked, has this address in a certificate that is still valid, and is not
 * the one whose id this is; or NULL. Its certificate that ends last counts. */
const struct registry_entry *held_by_revoked(const struct registry *registry,
					     const struct certificate *certificate,
					     struct wall now);

#endif
