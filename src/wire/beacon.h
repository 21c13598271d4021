/* beacon.h - what a member says to all of its own network segment: here I am.
 *
 * A datagram of BEACON_BYTES to a multicast group that no router passes on:
 *
 *     version 1 | epoch 1 | zero 2 | nonce 12 | sealed 32, tag 16
 *     sealed:   id 20 | at 8 | port 2 | flags 1 | zero 1
 *
 * What is sealed is under a key that all who have the network secret of the epoch know; to others a
 * beacon shows that a member is here, and how old the secret is. The address of the member is
 * that which the datagram comes from, and its port is in the beacon, which leaves from another.
 */
#ifndef WIRE_BEACON_H
#define WIRE_BEACON_H

#include "base/id.h"
#include "base/mono.h"
#include "base/writer.h"
#include "wire/endpoint.h"

#define BEACON_PORT 4768
#define BEACON_VERSION 1
#define BEACON_HEAD_BYTES 4 /* associated data of what is sealed */
#define BEACON_NONCE_BYTES 12
#define BEACON_WORDS_BYTES 32 /* what is sealed */
#define BEACON_TAG_BYTES 16
#define BEACON_BYTES \
	(BEACON_HEAD_BYTES + BEACON_NONCE_BYTES + BEACON_WORDS_BYTES + BEACON_TAG_BYTES)

/* Where beacons go, with BEACON_PORT: an address of the local scope (RFC 2365, 6.1), or one of the
 * link's own that nobody has registered (RFC 4291, 2.7; the T bit). */
struct endpoint beacon_group(bool v4);

/* Borrowed from the datagram. */
struct beacon_envelope {
	uint8_t epoch;
	struct span head, nonce, sealed; /* with the tag */
};

/* 0, or ERR_MALFORMED: another length or version, or not zero where zero must stand. */
int beacon_envelope_decode(struct span bytes, struct beacon_envelope *ret);

/* Head and nonce; what is sealed stands behind them. */
void beacon_envelope_encode(uint8_t epoch, const uint8_t nonce[BEACON_NONCE_BYTES],
			    struct writer *w);

struct beacon {
	struct id id;
	struct wall at;
	uint16_t port; /* not 0 */
	bool alone;    /* it has no link to anybody */
};

/* 0, or ERR_MALFORMED: another length, no port, an unknown flag. */
int beacon_decode(struct span words, struct beacon *ret);
void beacon_encode(const struct beacon *beacon, struct writer *w);

#endif
