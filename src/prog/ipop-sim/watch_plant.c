/* watch_plant.c - bugs of one member that a run must find, or its checkers are worth nothing.
 *
 *     twice     its host is given a packet twice
 *     astray    its host is given a packet that was for somebody else
 *     blind     it overlooks the member that stands next to it, and takes another for its neighbour
 *     clear     it sends a packet in clear
 *     mixed     it takes the address of one peer for that of another
 */
#include "prog/ipop-sim/watch_internal.h"

#include "node/node_internal.h"
#include "path/paths_internal.h"

#include <string.h>

#define PACKET_BYTES_MAX 2048
#define PACKETS_BEFORE 3 /* it has behaved so often */

static struct {
	const struct member *member; /* whose bug it is, if it is not anybody's */
	const struct member *next;   /* who stands next to it, clockwise */
	unsigned packets;
	bool is_done;
	size_t len; /* of the packet that is kept; 0: none */
	const struct node_host *kept_of;
	uint8_t kept[PACKET_BYTES_MAX];
} plant;

enum plant plant_find(const char *name)
{
	static const char *const names[PLANTS] = { "none",  "twice", "astray",
						   "blind", "clear", "mixed" };

	for (unsigned n = 0; n < PLANTS; n++)
		if (strcmp(names[n], name) == 0)
			return (enum plant)n;
	return PLANTS;
}

const char *plant_finding(enum plant which)
{
	static const char *const findings[PLANTS] = { "",
						      "a packet arrived twice",
						      "a packet arrived at another member",
						      "the ring is not exact",
						      "a wire shows what",
						      "a member is taken for another one" };

	return findings[which];
}

void plant_begin(const struct play *play)
{
	const struct crowd *crowd = &play->crowd;
	uint32_t place = 0;

	memset(&plant, 0, sizeof(plant));
	plant.member = &crowd->members[crowd->count - 1];
	while (&crowd->members[crowd->by_id[place]] != plant.member)
		place++;
	plant.next = &crowd->members[crowd->by_id[(place + 1) % crowd->count]];
}

/* Somebody by whom the ring is not exact, in any network: whom to overlook is not left to chance.
 */
bool plant_overlooks(const struct member *self, const struct id *other)
{
	return watched_plant() == PLANT_BLIND && self == plant.member &&
	       id_equal(other, &plant.next->identity.certificate.id);
}

bool plant_discloses(uint8_t kind)
{
	if (watched_plant() != PLANT_CLEAR || kind != FRAME_IP || plant.is_done)
		return false;
	plant.is_done = ++plant.packets > PACKETS_BEFORE;
	return plant.is_done;
}

/* Of two peers that are reached directly, by different addresses; again and again, since a way that
 * is given up meanwhile takes the bug with it. */
static void mix_addresses(struct node *node)
{
	struct way *first = NULL;

	for (uint32_t i = 0; i < pool_end(&node->peers); i++) {
		struct handle unused;
		struct peer *peer = pool_slot(&node->peers, i, &unused);

		if (peer == NULL || peer_way(peer).kind != WAY_DIRECT)
			continue;
		struct way *used = &trial_at(&peer->paths, peer->paths.used)->way;

		if (first == NULL) {
			first = used;
		} else if (!endpoint_ip_equal(&first->remote, &used->remote)) {
			first->remote = used->remote;
			return;
		}
	}
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names */
bool __real_node_host_receive(struct node_host *nh, struct span *ret_packet);
bool __wrap_node_host_receive(struct node_host *nh, struct span *ret_packet);

bool __wrap_node_host_receive(struct node_host *nh, struct span *ret_packet)
{
	const enum plant which = watched_plant();

	if (which == PLANT_MIXED && nh == plant.member->node && plant.member->settled)
		mix_addresses(node_host_node(nh));
	if ((which != PLANT_TWICE && which != PLANT_ASTRAY) || plant.is_done)
		return __real_node_host_receive(nh, ret_packet);
	if (plant.len > 0 && (which == PLANT_TWICE) == (nh == plant.kept_of)) {
		plant.is_done = true;
		*ret_packet = span_of(plant.kept, plant.len);
		return true;
	}
	if (!__real_node_host_receive(nh, ret_packet))
		return false;
	if (plant.len == 0 && ++plant.packets > PACKETS_BEFORE &&
	    ret_packet->len <= PACKET_BYTES_MAX) {
		plant.len = ret_packet->len;
		plant.kept_of = nh;
		memcpy(plant.kept, ret_packet->data, ret_packet->len);
	}
	return true;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
