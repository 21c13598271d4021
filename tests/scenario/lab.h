/* lab.h - a group of members on the simulated Internet, for scenarios.
 *
 * A member "pings" another by an IPv6 or IPv4 packet with a number in it; what arrives is counted
 * by sender and number. What one sends another in one family is a flow. */
#ifndef SCENARIO_LAB_H
#define SCENARIO_LAB_H

#include "sim/group.h"
#include "sim/node_host.h"
#include "tests/scenario/scenario.h"

#define LAB_PORT 4000
#define LAB_MEMBERS_MAX 80
#define LAB_NUMBERS_MAX 4096
#define LAB_PACKET_LEN 100
#define LAB_PACKET_BYTES_MAX 1360

struct lab_member {
	struct group_member identity;
	uint32_t host;
	uint32_t nat;           /* 0: none */
	struct node_host *node; /* NULL: not running */
	struct node_config config;
	unsigned starts;
	uint8_t got[LAB_MEMBERS_MAX][LAB_NUMBERS_MAX]; /* by sender and number: how often */
	unsigned last[LAB_MEMBERS_MAX][2];             /* by sender and family: the number */
	unsigned behind[LAB_MEMBERS_MAX]; /* by sender: what a later one of its flow overtook */
	unsigned icmp;                    /* ICMP messages that its programs got */
};

struct lab {
	struct world *world;
	struct group group;
	struct lab_member members[LAB_MEMBERS_MAX];
	unsigned count;
};

extern struct lab lab; /* too large for the stack, set up anew by each scenario */

/* Identities and configurations, and a host each without an address. */
void lab_set_up(struct world *world, unsigned count);
/* 192.0.2.(i + 1) in the open Internet. */
void lab_place_public(unsigned i);
void lab_place_all_public(void);
/* 10.0.i.2 behind a NAT of its own with the outside address 198.51.100.(i + 1). */
void lab_place_behind(unsigned i, const struct natbox_kind *kind);
/* The next free address behind the NAT of another member. */
void lab_place_beside(unsigned i, unsigned neighbour);

/* Adds a bootstrap line to `to`, which is public, to the bundle of `from`. */
void lab_add_line(unsigned from, unsigned to);
void lab_start(unsigned i);
/* As a crash does: without a word. */
void lab_crash(unsigned i);
/* What it asked to be kept is there in its next life. */
void lab_crash_and_keep(unsigned i);
/* All are public and have a line to the first. */
void lab_start_star(struct world *world, unsigned count);

void lab_send_sized(unsigned from, unsigned to, unsigned number, size_t len);
void lab_send_number(unsigned from, unsigned to, unsigned number);
void lab_run_ms(uint64_t ms);
/* For hours: looks at what arrived at the end only. */
void lab_run_slowly_ms(uint64_t ms);
/* How many of the numbers [first, end) arrived; none may have arrived twice. */
unsigned lab_arrived(unsigned from, unsigned to, unsigned first, unsigned end);
struct node_status lab_status(unsigned i);
/* What `i` says of `of`; false if it does not know it. Takes 10 ms. */
bool lab_peer(unsigned i, unsigned of, struct node_peer *ret);
/* What `i` holds of `of`, without asking it, so that nothing is woken; NULL: it does not know it.
 */
struct peer *lab_inside(unsigned i, unsigned of);
/* The node itself, and what it is told with what happens now. */
struct node *lab_node(unsigned i);
struct now lab_now(unsigned i);
const struct id *lab_id(unsigned i);
/* They have a session. */
bool lab_has_met(unsigned i, unsigned of);
/* The first after `from` that `i` has not met; there must be one. */
unsigned lab_stranger(unsigned i, unsigned from);
/* Has `from` say this to `to` in their session, whether a member would say so or not. */
void lab_say(unsigned from, unsigned to, uint8_t kind, struct span payload);
struct ip_address lab_ipv6(unsigned i);

#endif
