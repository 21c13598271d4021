/* natbox.h - what a NAT does to the addresses of UDP datagrams, in the words of RFC 4787.
 *
 * A *mapping* lends an outside endpoint to an inside endpoint; it holds towards every remote
 * endpoint, one address or one endpoint (4.1). A *permit* lets a remote come in through a mapping
 * that has sent to it, its address, or anybody (5). Both end when they were not used for a time
 * (4.3). A stateful firewall is the box that lends everybody the endpoint he has.
 *
 * The boxes of one net share one table, so memory follows use. Pure but for the time, which must
 * not run backwards, and the stream that random ports are drawn from.
 */
#ifndef SIM_NATBOX_H
#define SIM_NATBOX_H

#include "base/mono.h"
#include "base/rng.h"
#include "wire/endpoint.h"

/* For which remotes one mapping, or one permit, holds. */
enum natbox_scope {
	NATBOX_ANYBODY,  /* endpoint-independent */
	NATBOX_ADDRESS,  /* address-dependent */
	NATBOX_ENDPOINT, /* address- and port-dependent */
};

enum natbox_ports {
	NATBOX_PRESERVE,   /* the inside port if no other mapping has it, else a random one */
	NATBOX_RANDOM,     /* any free one */
	NATBOX_SEQUENTIAL, /* the next free one after the last: predictable */
	NATBOX_OVERLOAD,   /* the inside port, unless another mapping has it towards the same remote
			    * endpoint: then a random one. Linux; needs mapping NATBOX_ENDPOINT */
	NATBOX_KEEP,       /* no translation: a firewall */
};

struct natbox_kind {
	const char *name;
	enum natbox_scope mapping, filtering;
	enum natbox_ports ports;
	uint16_t port_min, port_max; /* of the outside ports */
	uint32_t timeout_ms;         /* unused for so long, a mapping or permit ends */
	uint32_t unanswered_ms; /* the same until the first datagram came in; 0: no difference */
	bool inbound_refreshes; /* or only outbound counts as use */
	bool hairpin; /* inside hosts reach each other's outside endpoints (6), shown as such */
	bool accepts; /* takes what no mapping wants for itself and keeps {port, remote} as its own
		       * flow: a later mapping towards that remote gets another port. Linux without
		       * an input rule; needs NATBOX_OVERLOAD */
};

extern const struct natbox_kind natbox_full_cone;          /* anybody, anybody */
extern const struct natbox_kind natbox_address_restricted; /* anybody, address */
extern const struct natbox_kind natbox_port_restricted;    /* anybody, endpoint */
extern const struct natbox_kind natbox_symmetric;          /* endpoint, endpoint, random ports */
extern const struct natbox_kind natbox_linux_accept;       /* endpoint, endpoint, and the trap */
extern const struct natbox_kind natbox_firewall;           /* keeps addresses; endpoint */

struct natbox_table; /* mappings and permits of all boxes */

/* The rng keys the hash. NULL without memory. */
struct natbox_table *natbox_table_new(uint32_t entries_max, struct rng *rng);
void natbox_table_free(struct natbox_table *table);

/* Mappings and permits that live, of all boxes. */
uint32_t natbox_table_count(const struct natbox_table *table);

struct natbox {
	struct natbox_kind kind;    /* may be changed at any time; what stands stays as it is */
	struct endpoint outside;    /* its address there, port 0; unspecified for a firewall */
	struct natbox_table *table; /* borrowed, as the rng */
	struct rng *rng;
	uint32_t number, epoch;
	uint16_t port_last; /* of NATBOX_SEQUENTIAL */
};

void natbox_init(struct natbox *box, struct natbox_table *table, struct rng *rng,
		 const struct natbox_kind *kind, const struct endpoint *outside);

/* A datagram leaves: 0 and the source that the world sees, or ERR_FULL (no port or no memory). */
int natbox_outbound(struct natbox *box, struct mono now, const struct endpoint *inside,
		    const struct endpoint *remote, struct endpoint *ret_outside);

/* A datagram comes to `outside`: 0 and for whom it is; ERR_NOT_FOUND if there is no mapping, or
 * ERR_DENIED if it does not let this remote in. */
int natbox_inbound(struct natbox *box, struct mono now, const struct endpoint *outside,
		   const struct endpoint *remote, struct endpoint *ret_inside);

/* Forgets all mappings and permits. */
void natbox_reboot(struct natbox *box);

#endif
