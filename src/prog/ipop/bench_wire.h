/* bench_wire.h - what `ipop bench` and `ipop bench --listen` say to each other: doc/cli.md, "The
 * protocol of bench".
 *
 * Each message has one length. All versions begin with the same 8 bytes, so that the versions of
 * two programs can be told apart whatever else they changed.
 */
#ifndef PROG_IPOP_BENCH_WIRE_H
#define PROG_IPOP_BENCH_WIRE_H

#include "base/span.h"

#define BENCH_VERSION 1
#define BENCH_PORT 4769 /* TCP and UDP */
#define BENCH_STREAMS_MAX 8
#define BENCH_SECONDS_MAX 60 /* of one stream */

#define BENCH_TOKEN_BYTES 16
#define BENCH_HELLO_BYTES 32
#define BENCH_ANSWER_BYTES 16
#define BENCH_ECHO_BYTES 64

/* Names a run, so that streams and echoes of another one are not taken for its own. No secret: it
 * is the tunnel that says who sent it. */
struct bench_token {
	uint8_t bytes[BENCH_TOKEN_BYTES];
};

/* What a connection is for: a run, which lasts as long as its connection; a stream of bytes from
 * the one who connected, or to him. */
enum bench_purpose { BENCH_RUN = 1, BENCH_GIVE = 2, BENCH_TAKE = 3 };

/* The first bytes of each connection. */
struct bench_hello {
	enum bench_purpose purpose;
	uint8_t seconds; /* of a stream: 1 to BENCH_SECONDS_MAX; of a run: 0 */
	uint8_t streams; /* of a run: so many a direction, 1 to BENCH_STREAMS_MAX; of a stream: 0 */
	struct bench_token token;
};

enum bench_verdict {
	BENCH_GO = 1,
	BENCH_BUSY = 2,     /* another run is going */
	BENCH_OTHER = 3,    /* of another version */
	BENCH_STRANGER = 4, /* a stream of no run that is going, or of more than it said */
};

/* A datagram that goes there and back. */
struct bench_echo {
	bool is_answer;
	struct bench_token token;
	uint64_t number;
};

void bench_hello_encode(const struct bench_hello *hello, uint8_t ret[BENCH_HELLO_BYTES]);
void bench_answer_encode(enum bench_verdict verdict, uint8_t ret[BENCH_ANSWER_BYTES]);
void bench_echo_encode(const struct bench_echo *echo, uint8_t ret[BENCH_ECHO_BYTES]);

/* All take what has come so far. 0; ERR_AGAIN (it may become a message yet); ERR_VERSION (of
 * another version: *ret_version); ERR_MALFORMED (no such message, and never will be). A message
 * with bytes behind its end is malformed. */
int bench_hello_decode(struct span bytes, struct bench_hello *ret, uint8_t *ret_version);
int bench_answer_decode(struct span bytes, enum bench_verdict *ret, uint8_t *ret_version);
int bench_echo_decode(struct span bytes, struct bench_echo *ret, uint8_t *ret_version);

#endif
