/* node_lan.h - members on our own network segment, found without anybody's help.
 *
 * Who has no link to anybody says by multicast that it is here, in a beacon (wire/beacon.h) that
 * only holders of the network secret can make or read; and so, seldom, does everybody else. Who
 * hears of a member that it would have beside itself on the ring dials it, and who is alone dials
 * whomever it hears. So two hosts on one switch form a network though no bootstrap member can be
 * reached, and two rings on one segment become one.
 *
 * Nothing is ever answered to whom a beacon seems to come from but a handshake, which is dialled:
 * few, and to a beacon that is fresh and the newest of its sender (heard.h, node_lan_dial.h). What
 * a beacon brings forth besides is beacons, to the same group: those of three are enough, however
 * many hear it.
 */
#ifndef NODE_NODE_LAN_H
#define NODE_NODE_LAN_H

#include "crypto/aead.h"
#include "node/allowance.h"
#include "node/event.h"
#include "node/heard.h"
#include "node/node_lan_dial.h"
#include "wire/beacon.h"

#define LAN_ALONE_MS 1000      /* between our beacons while we are alone, at first; doubles */
#define LAN_ALONE_MAX_MS 64000 /* up to this */
#define LAN_LINKED_MS 60000    /* while we are not: from this to twice as long */
#define LAN_ANSWER_MS 250      /* to one who is alone: some time within this */
#define LAN_ANSWERS_ENOUGH 3   /* others who did so meanwhile */
#define LAN_PAUSE_MS 1000      /* at least, between two beacons of ours */

struct node;

/* What seals beacons under the secret of one epoch. */
struct lan_key {
	uint8_t epoch;
	struct aead aead;
};

/* Of a node: embed it, zeroed. */
struct lan {
	struct lan_key keys[SESSION_EPOCHS_MAX]; /* the first is ours; none: no beacons */
	uint32_t key_count;
	uint16_t port;       /* where we may be reached; 0: not known yet */
	bool was_alone;      /* at the last look */
	uint32_t sent_alone; /* beacons, since we are */
	struct mono next;    /* beacon of ours */
	struct mono pause;   /* none before */
	struct mono answer;  /* to one who is alone; MONO_NEVER: to none */
	uint32_t answers;    /* of others, meanwhile */
	struct heard heard;
	struct lan_dial dials[LAN_DIALS_MAX];
	struct allowance far;        /* of these, in vain, not beside us */
	struct mono draw;            /* of the next, from those who wait; MONO_NEVER: nobody does */
	uint8_t bytes[BEACON_BYTES]; /* of NODE_BEACON */
};

/* No beacons if the configuration says so, or the network is open: nobody could make them alone.
 * 0, ERR_NOMEM or ERR_CRYPTO. */
int lan_init(struct node *node, struct now now);
/* Beacons are made and read with these from now on. 0 or ERR_NOMEM: then with none. */
int lan_renew(struct node *node, const struct session_secret secrets[SESSION_EPOCHS_MAX]);
void lan_free(struct node *node);
/* We may be on another segment. */
void lan_host_changed(struct node *node, struct now now, const struct node_event *event);
/* 0, or why it was refused. */
int lan_hear(struct node *node, struct now now, const struct node_event *event);
void lan_tick(struct node *node, struct now now);
bool lan_poll(struct node *node, struct now now, struct node_action *ret);
struct mono lan_deadline(const struct node *node);

#endif
