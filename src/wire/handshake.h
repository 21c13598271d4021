/* handshake.h - the messages that make a session, byte by byte.
 *
 * On raw UDP (carrier "raw"):
 *     M0       type, version, suite, epoch | sender 4 | e 32, tag 16 | mac1 16 | mac2 16 | zeros to
 * 1,100 M1       type, 0 0 0 | sender 4 | receiver 4 | e 32 | s 48 | payload, tag | mac1 16 M2
 * type, 0 0 0 | receiver 4 | s 48 | payload, tag | mac1 16 COOKIE   type, 0 0 0 | receiver 4 |
 * nonce 16 | cookie 16, tag 16 VERSION  type, lowest, highest, 0 | receiver 4 | suites 4 | mac1 16
 *
 * mac1 is keyed by what only members know (DESIGN: the network secret of the epoch and the
 * responder's id) and covers all bytes before it; whoever cannot make it gets no answer and costs
 * one MAC. mac2 proves the address with a cookie, under load. The padding makes M0 at least as long
 * as any answer.
 *
 * Over the overlay ("carried") the same messages travel inside an authenticated link: M0 names its
 * target instead (kind 1, id 20), and there are no macs and no padding:
 *     M0       type, version, suite, epoch | sender 4 | target kind, id | e 32, tag 16
 *     M1, M2   as above without mac1.
 */
#ifndef WIRE_HANDSHAKE_H
#define WIRE_HANDSHAKE_H

#include "base/id.h"
#include "base/writer.h"
#include "wire/datagram.h"
#include "wire/endpoint.h"

#define HANDSHAKE_VERSION 1
#define HANDSHAKE_M0_BYTES 1100      /* raw */
#define HANDSHAKE_M0_FIELDS_BYTES 56 /* raw: what mac1 covers */
#define HANDSHAKE_CARRIED_M0_BYTES 77
#define HANDSHAKE_BYTES_MAX 1100 /* any message: M1 and M2 must fit */
#define HANDSHAKE_EPHEMERAL_BYTES 32
#define HANDSHAKE_TAG_BYTES 16
#define HANDSHAKE_STATIC_BYTES 48 /* key and tag */
#define HANDSHAKE_MAC_BYTES 16
#define HANDSHAKE_COOKIE_BYTES 16
#define HANDSHAKE_COOKIE_NONCE_BYTES 16
#define HANDSHAKE_PAYLOAD_BYTES_MAX 960 /* before sealing */

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

/* Spans of decoded messages are borrowed from the bytes decoded. */
struct handshake_m0 {
	uint8_t version, suite, epoch;
	uint32_t sender;
	struct target target;                         /* carried only */
	struct span noise;                            /* e and tag, 48 bytes */
	struct span mac1, mac2;                       /* raw only */
	struct span covered_by_mac1, covered_by_mac2; /* raw only */
};

struct handshake_m1 {
	uint32_t sender, receiver;
	struct span noise;                 /* e, s, payload and its tag */
	struct span mac1, covered_by_mac1; /* raw only */
};

struct handshake_m2 {
	uint32_t receiver;
	struct span noise;                 /* s, payload and its tag */
	struct span mac1, covered_by_mac1; /* raw only */
};

struct handshake_cookie {
	uint32_t receiver;
	struct span nonce;  /* 16 */
	struct span sealed; /* 32 */
};

struct handshake_version {
	uint8_t lowest, highest;
	uint32_t receiver;
	uint32_t suites; /* bit n: suite n is spoken, for n < 32 */
	struct span mac1, covered_by_mac1;
};

/* Decoders: 0 or ERR_MALFORMED (length, reserved bytes, padding that is not zero, target kind).
 * They judge form only: of an M0 with another version everything up to `sender` and the macs is
 * read, since those places never change. */
int handshake_m0_decode(struct span bytes, enum handshake_carriage carriage,
			struct handshake_m0 *ret);
int handshake_m1_decode(struct span bytes, enum handshake_carriage carriage,
			struct handshake_m1 *ret);
int handshake_m2_decode(struct span bytes, enum handshake_carriage carriage,
			struct handshake_m2 *ret);
int handshake_cookie_decode(struct span bytes, struct handshake_cookie *ret);
int handshake_version_decode(struct span bytes, struct handshake_version *ret);

/* Encoders write what precedes the macs; the session appends those over writer_span(). */
void handshake_m0_encode(const struct handshake_m0 *m0, enum handshake_carriage carriage,
			 struct writer *w);
void handshake_m1_head_encode(uint32_t sender, uint32_t receiver, struct writer *w);
void handshake_m2_head_encode(uint32_t receiver, struct writer *w);
void handshake_version_encode(const struct handshake_version *version, struct writer *w);

/* The encrypted payload of M1 and M2:
 *     certificate length 2, certificate | signature length 1, signature | capabilities 4 |
 *     CRL number 8 | extensions, each: type 1, length 2, value
 * The signature comes after the certificate so that it can be looked up before it is verified.
 * Unknown extensions are skipped; a known one that is malformed or comes twice refuses the message.
 */
enum handshake_extension {
	HANDSHAKE_EXTENSION_OBSERVED = 1, /* endpoint: under which address the peer is seen */
};

struct handshake_payload {
	struct span certificate, signature;
	uint32_t capabilities;
	uint64_t crl_number;
	bool has_observed;
	struct endpoint observed;
};

int handshake_payload_decode(struct span bytes, struct handshake_payload *ret);
void handshake_payload_encode(const struct handshake_payload *payload, struct writer *w);

#endif
