/* crowd.h - the members of a simulated network: who they are, where they stand, which of them run.
 *
 * A member is identity, host and NAT for the whole run; its node comes and goes. The first ones are
 * the bootstrap members: public, and in everybody's bundle.
 */
#ifndef SIM_CROWD_H
#define SIM_CROWD_H

#include "base/map.h"
#include "sim/group.h"
#include "sim/node_host.h"
#include "sim/script.h"

#define CROWD_NOBODY UINT32_MAX
#define CROWD_PORT 4000

struct member {
	struct group_member identity;
	bool has_ipv6;
	struct ip_address ipv6;       /* see crowd_ipv6() */
	uint32_t host, nat;           /* nat 0: it is public */
	struct node_host *node;       /* owned by the world; NULL: it does not run */
	bool paused, hostile, banned; /* banned: not started any more */
	bool settled;                 /* in this life, at least once */
	uint8_t side;                 /* of a partition */
	unsigned starts;              /* its lives so far */
	struct mono started;          /* of this life */
	struct node_neighbour kept[NODE_NEIGHBOURS_MAX]; /* what the last life left */
	uint32_t kept_count;
};

struct crowd {
	struct world *world; /* borrowed */
	struct group group;
	struct member *members; /* owned */
	uint32_t *by_id;        /* owned: members in the order of their ids */
	uint32_t *by_host;      /* owned: device -> member, or CROWD_NOBODY */
	uint32_t *nats;         /* owned: devices */
	struct map index_by_id;
	uint32_t count, bootstrap, nat_count, addresses;
	bool null_crypto;
	int32_t reach_us; /* half a side of the map */
};

/* How the world must be made for a crowd of so many. */
struct world_config crowd_world(uint64_t seed, uint32_t count);

/* Makes `count` members as the script's set-up has them, none of them running. The crowd's address
 * must not change. Memory that lacks is CHECKed, as in all of sim/. */
void crowd_init(struct crowd *crowd, struct world *world, const struct script *script,
		uint32_t count);

/* Measured one-way times between sites instead of the map (net_set_matrix()); each household stands
 * on one of the sites. Borrowed. */
void crowd_set_matrix(struct crowd *crowd, const uint32_t *times_us, uint32_t sites);

/* Before the world ends: the machines are the world's. */
void crowd_free(struct crowd *crowd);

/* Starts a member that does not run; with what its last life kept, or without. */
void crowd_start(struct crowd *crowd, uint32_t i, bool with_memory);
/* Its power fails. */
void crowd_crash(struct crowd *crowd, uint32_t i);
void crowd_pause(struct crowd *crowd, uint32_t i);
void crowd_resume(struct crowd *crowd, uint32_t i);

/* It runs, and is not paused. */
static inline bool crowd_is_up(const struct crowd *crowd, uint32_t i)
{
	return crowd->members[i].node != NULL && !crowd->members[i].paused;
}

/* The address of a member that has ever run: it says it once it does. */
bool crowd_ipv6(struct crowd *crowd, uint32_t i, struct ip_address *ret);

uint32_t crowd_up_count(const struct crowd *crowd);

/* The device in the open Internet: the member's NAT, or its host. */
uint32_t crowd_device(const struct crowd *crowd, uint32_t i);

/* An outside address that nobody has had. */
void crowd_next_ip(struct crowd *crowd, char ret[32]);

/* CROWD_NOBODY if there is no such member. */
uint32_t crowd_find(const struct crowd *crowd, const struct id *id);

/* The seed's choice within a range. */
uint64_t crowd_draw(struct rng *rng, struct script_range range);

#endif
