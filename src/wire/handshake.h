/* handshake.h - the messages that make a session, byte by byte.
 *
 * On raw UDP (carriage "raw"); numbers behind a name are bytes:
 *
 *     M0       1, version, suite, epoch | sender 4 | e 32, tag 16 | mac1 16 | mac2 16 | zeros
 *     M1       2, 0, 0, 0 | receiver 4 | sender 4 | e 32 | s 48 | payload 960, tag 16 | mac1 16
 *     M2       3, 0, 0, 0 | receiver 4 | s 48 | payload 960, tag 16 | mac1 16
 *     COOKIE   4, 0, 0, 0 | receiver 4 | nonce 16 | cookie 16, tag 16
 *     VERSION  5, lowest, highest, 0 | receiver 4 | suites 4 | mac1 16
 *
 * What stands before e (M0, M1) or s (M2) is a message's head; the run is bound to it
 * (session/run.h).
 *
 * mac1 is keyed by what only members know (in a group: the network secret of the epoch, and the
 * responder's id); whoever cannot make it gets no answer and costs one MAC, since type and length
 * alone say where it stands. mac2 proves the address with a cookie, under load. Every message of a
 * type has one length: M0 is as long as the longest answer, and M1 and M2 show nothing of a
 * certificate, not even how long it is.
 *
 * Over the overlay (carriage "carried") the same messages travel inside an authenticated link. M0
 * names its target instead, and there are no macs, no cookies and no padding behind M0:
 *
 *     M0       1, version, suite, epoch | sender 4 | target kind 1, id 20 | e 32, tag 16
 *     M1, M2, VERSION   as above without mac1.
 */
#ifndef WIRE_HANDSHAKE_H
#define WIRE_HANDSHAKE_H

#include "base/id.h"
#include "base/writer.h"
#include "wire/datagram.h"
#include "wire/endpoint.h"

#define HANDSHAKE_VERSION 1
#define HANDSHAKE_EPHEMERAL_BYTES 32
#define HANDSHAKE_TAG_BYTES 16
#define HANDSHAKE_STATIC_BYTES 48 /* key and tag */
#define HANDSHAKE_MAC_BYTES 16
#define HANDSHAKE_COOKIE_BYTES 16
#define HANDSHAKE_COOKIE_NONCE_BYTES 16
#define HANDSHAKE_PAYLOAD_BYTES 960 /* of M1 and M2 before sealing: padded to this, always */

/* Lengths of raw messages; a carried one is shorter by what the comment above says. */
#define HANDSHAKE_M0_BYTES 1100
#define HANDSHAKE_M0_COVERED_BYTES 56 /* by mac1 */
#define HANDSHAKE_M1_BYTES 1084
#define HANDSHAKE_M2_BYTES 1048
#define HANDSHAKE_COOKIE_MESSAGE_BYTES 56
#define HANDSHAKE_VERSION_MESSAGE_BYTES 28
#define HANDSHAKE_CARRIED_M0_BYTES 77
#define HANDSHAKE_BYTES_MAX 1100 /* of any message */

enum handshake_carriage { HANDSHAKE_RAW, HANDSHAKE_CARRIED };

/* What was dialled; the certificate that answers must satisfy it. Part of the prologue. */
enum target_kind {
	TARGET_EXACT = 1,   /* this id */
	TARGET_PREFIX = 2,  /* an id with these first 80 bits; the rest of `id` is zero */
	TARGET_NEAREST = 3, /* whoever is nearest to this key: the ring judges that */
};

struct target {
	enum target_kind kind;
	struct id id;
};

/* The macs of a raw message and what they cover, borrowed from the message. */
struct handshake_macs {
	uint8_t epoch; /* M0: names the key of mac1 */
	struct span covered_by_mac1, mac1;
	struct span covered_by_mac2, mac2; /* M0 only */
};

/* Finds them by type and length, without a look at anything else: 0, or ERR_MALFORMED (another
 * length than this type has, or a type without mac1). */
int handshake_macs_find(struct span bytes, struct handshake_macs *ret);

/* For whom an M1, M2, COOKIE or VERSION is: the index stands in one place in all of them. 0, which
 * is nobody's, if the message is too short. */
uint32_t handshake_receiver(struct span bytes);

/* M0, M1 or M2 as Noise sees it: the run is bound to the head, and reads what follows. */
struct handshake_words {
	struct span head;  /* all bytes before the Noise bytes */
	struct span noise; /* keys, payload and its tag */
};

/* Spans of decoded messages are borrowed from the bytes decoded. */
struct handshake_m0 {
	uint8_t version, suite, epoch;
	uint32_t sender;
	struct target target; /* carried only */
	struct handshake_words words;
};

struct handshake_m1 {
	uint32_t receiver, sender;
	struct handshake_words words;
};

struct handshake_m2 {
	uint32_t receiver;
	struct handshake_words words;
};

struct handshake_cookie {
	uint32_t receiver;
	struct span nonce;
	struct span sealed; /* cookie and tag */
};

struct handshake_version {
	uint8_t lowest, highest;
	uint32_t receiver;
	uint32_t suites; /* bit n: suite n is spoken, for n < 32 */
};

/* Decoders: 0 or ERR_MALFORMED (length, reserved bytes, padding that is not zero, target kind, a
 * sender without an index).
 * They judge form only. Of an M0 of another version the fields up to `sender` are read and the
 * rest is empty: type, version, suite, epoch, sender and the macs keep their places for ever, so
 * that any version can be told that it is not spoken. */
int handshake_m0_decode(struct span bytes, enum handshake_carriage carriage,
			struct handshake_m0 *ret);
int handshake_m1_decode(struct span bytes, enum handshake_carriage carriage,
			struct handshake_m1 *ret);
int handshake_m2_decode(struct span bytes, enum handshake_carriage carriage,
			struct handshake_m2 *ret);
int handshake_cookie_decode(struct span bytes, struct handshake_cookie *ret);
int handshake_version_decode(struct span bytes, enum handshake_carriage carriage,
			     struct handshake_version *ret);

/* Encoders write what precedes the Noise bytes, the head, (M0, M1, M2) or the mac (VERSION); the
 * session appends those. */
void handshake_m0_head_encode(const struct handshake_m0 *m0, enum handshake_carriage carriage,
			      struct writer *w);
void handshake_m1_head_encode(uint32_t receiver, uint32_t sender, struct writer *w);
void handshake_m2_head_encode(uint32_t receiver, struct writer *w);
void handshake_cookie_encode(const struct handshake_cookie *cookie, struct writer *w);
void handshake_version_encode(const struct handshake_version *version, struct writer *w);

/* What two members call a session by before it has keys: the start of its initiator's ephemeral. */
#define HANDSHAKE_NAME_BYTES 8
#define HANDSHAKE_NAMES_MAX 4 /* in one SUCCEEDS */

/* The encrypted payload of M1 and M2:
 *     certificate length 2, certificate | signature length 1, signature | capabilities 4 |
 *     CRL number 8 | extensions, each: type 1, length 2, value | zeros to 960
 * The signature comes after the certificate that tells under which key to verify it. Unknown
 * extensions are skipped; a known one that is malformed or comes twice refuses the message. Type 0
 * is no extension: from there on everything is zero.
 */
enum handshake_extension {
	HANDSHAKE_EXTENSION_OBSERVED = 1, /* endpoint: under which address the peer is seen */
	HANDSHAKE_EXTENSION_SUCCEEDS =
		2, /* names of sessions that stood when this was dialled: M2 */
};

struct handshake_payload {
	struct span certificate, signature;
	uint32_t capabilities;
	uint64_t crl_number;
	struct span succeeds; /* names, one behind the other; empty: none */
	bool has_observed;
	struct endpoint observed;
};

/* Takes all 960 bytes: 0 or ERR_MALFORMED. */
int handshake_payload_decode(struct span bytes, struct handshake_payload *ret);

/* Writes all 960 bytes; marks the writer if they do not suffice. */
void handshake_payload_encode(const struct handshake_payload *payload, struct writer *w);

#endif
