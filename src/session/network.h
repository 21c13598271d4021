/* network.h - what the members of one network share, and what is made of it.
 *
 * In a group there is a secret of each epoch: it gives the psk of the handshakes that name that
 * epoch and, with the responder's id, the key of mac1. It only hides us from strangers; admission
 * rests on certificates. An open network has no secret: one epoch 0, psk zero, and a key of mac1
 * that whoever knows network and responder can make.
 */
#ifndef SESSION_NETWORK_H
#define SESSION_NETWORK_H

#include "crypto/certificate.h"
#include "session/limits.h"

struct session_secret {
	uint8_t epoch; /* 1..255; 0: unused */
	uint8_t bytes[SESSION_SECRET_BYTES];
};

struct network_epoch {
	uint8_t number;
	uint8_t secret[SESSION_SECRET_BYTES]; /* group */
	uint8_t psk[HASH_BYTES];
	uint8_t own_mac1_key[MAC_KEY_BYTES]; /* of messages in runs that we answer */
	struct mac own_mac1;                 /* the same, prepared: a flood is refused with it */
};

struct network {
	struct id id;
	bool open;
	struct network_epoch epochs[SESSION_EPOCHS_MAX]; /* newest first */
	uint32_t count;
};

/* Secrets are read in a group only, newest first. 0, ERR_NOMEM, or ERR_UNSUPPORTED: a group without
 * a secret. */
int network_init(struct network *network, const struct trust *trust, const struct id *own,
		 const struct session_secret secrets[SESSION_EPOCHS_MAX]);

/* Wipes; accepts a zeroed or half-built network. */
void network_free(struct network *network);

/* NULL if we do not have the secret of that epoch; borrowed from the network. */
const struct network_epoch *network_epoch(const struct network *network, uint8_t number);

/* The key of mac1 in runs of that epoch which `responder` answers. */
void network_mac1_key(const struct network *network, const struct network_epoch *epoch,
		      const struct id *responder, uint8_t ret[MAC_KEY_BYTES]);

#endif
