/* node_peer.h - the members that we know. */
#ifndef NODE_NODE_PEER_H
#define NODE_NODE_PEER_H

#include "node/allowance.h"
#include "node/event.h"
#include "node/node_announce.h"
#include "node/node_clock.h"
#include "node/node_double.h"
#include "node/node_need.h"
#include "node/node_relaying.h"
#include "path/paths.h"

struct node;

/* Another member: who it is, its sessions and ways, and what it may still have us do. */
struct peer {
	struct id id;
	char name[CERTIFICATE_NAME_MAX + 1];
	bool has_ipv4, admits_ip, may_route, may_relay, is_line;
	bool ipv4_is_anothers; /* who came first has it */
	uint8_t ipv4[4];
	uint32_t capabilities;
	struct wall not_after;
	struct handle session; /* of the current channel; HANDLE_NONE: not connected */
	struct mono since;
	struct paths paths; /* while connected */
	struct id via;      /* on the ring it is found through this member; zero: by its id */
	struct candidates_message candidates; /* the newest that it told us of itself */
	struct announcement announcement;     /* of ours to it */
	struct mono relay_wanted;             /* when path/ last asked for a relay; 0: never */
	bool relay_needed;                    /* and not just in case; */
	uint32_t relays_wanted;               /* and how many are to do well */
	uint32_t channels;            /* of channel_of_peer(): index + 1 of the first; 0: none */
	struct mono ask_next;         /* another relay, while one that was asked is silent */
	struct mono relay_links_next; /* links to relays of it are not made before */
	struct relaying relayings[PEER_RELAYS_MAX];
	struct shunned shunned[PEER_SHUNNED_MAX];
	struct meter *share; /* owned: of what we relay, its part; NULL until it needs one */
	struct allowance ring_packets, ring_bytes; /* of ours that went along the ring */
	struct mono release_at; /* when what could not be sent is tried again; or never */
	struct allowance routed, broadcasts; /* what it had us pass on */
	struct allowance named;              /* messages of candidates that it told */
	struct allowance asks;               /* that we relay */
	struct allowance lists;              /* of neighbours that it told, */
	struct allowance whos;               /* how often it asked who we are */
	struct allowance names;              /* and of those whom we dialled in vain for it */
	bool owes;                           /* an answer to whether it lives, */
	struct mono asked;                   /* since then */
	bool doubted;                        /* it is overdue: the ring passes it over */
	struct need need;                    /* of our session with it */
	struct doubling doubling;            /* of its key */
	struct peer_clock clock;
	const char *why; /* literal; "" */
};

struct peer *peer_find(const struct node *node, const struct id *id, struct handle *ret_handle);

/* By the name that we know it by; our own, too. */
struct node_named peer_named(const struct node *node, const struct id *id);
/* Finds or makes; NULL if NODE_PEERS_MAX are known, or there is no memory for one more. */
struct peer *peer_get(struct node *node, const struct id *id, struct handle *ret_handle);
/* Of those who are gone the last NODE_GONE_MAX stay known, and all of the bootstrap lines; the
 * others are forgotten here and when one is made. */
void peers_tick(struct node *node);
/* What the peers own, when the node ends. */
void peer_free_all(struct node *node);
struct peer *peer_by_text(struct node *node, const char *text, struct handle *ret_handle);
/* Whether this is a name, an address or the id of our own. */
bool peer_is_self(const struct node *node, const char *text);
/* `session` carries the peer's traffic from now on. */
void peer_use(struct node *node, struct now now, struct handle handle, struct handle session);
/* One of its sessions closed: another takes over, or the peer is down. It is remembered then, until
 * it is one too many (peers_tick()). `why` is a literal. */
void peer_lost(struct node *node, struct now now, struct handle handle, struct handle session,
	       const char *why);
bool peer_is_up(const struct peer *peer);
/* What waits for the peer may leave, if it can be sent at all. */
void peer_release(struct node *node, struct handle handle);
/* Whether that is its IPv6 address, or its IPv4 address as its certificate has it. */
bool peer_has_address(const struct peer *peer, const struct vnet_output *wanted);
/* The peer that has what is wanted, connected or not; NULL if nobody is known to have it. */
struct peer *peer_wanted(struct node *node, const struct vnet_output *wanted,
			 struct handle *ret_handle);
/* How many channels it has, and of those how many were replaced. */
uint32_t peer_channels(const struct node *node, struct handle peer, uint32_t *ret_replaced);
void peer_show(struct node *node, struct mono now, const struct peer *peer, struct node_peer *ret);
/* Of *ret only what says which way this is. */
void peer_show_way(const struct node *node, const struct way *way, struct node_peer *ret);

#endif
