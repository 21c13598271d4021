/* who.h - WHO and IAM: at whom a message along the ring ends, and with whom that member is linked.
 * Payloads of ROUTED; numbers behind a name are bytes.
 *
 *     WHO   token 8 | zeros, to 120..640 in all
 *     IAM   token 8 | end 1 | way 1 | name length 1 | links 1 | step 4 | before 20 | relay 20 |
 *           name | links times: id 20, bits 1
 *
 * A WHO leaves with few hops left and is answered where these are used up: so its sender sees one
 * member of the way after the other. An IAM is never longer than the WHO that it answers, which is
 * what the zeros are for. All that it says is a claim of whoever carried the question.
 */
#ifndef WIRE_WHO_H
#define WIRE_WHO_H

#include "base/id.h"
#include "base/span.h"
#include "base/writer.h"

#include <stdbool.h>

#define WHO_BYTES_MIN 120 /* room for every name */
#define WHO_BYTES_MAX 640 /* and for all links; fits into one frame of any link */
#define IAM_NAME_MAX 63
#define IAM_LINKS_MAX 24

struct who {
	uint64_t token;
	size_t bytes; /* WHO_BYTES_MIN..WHO_BYTES_MAX: so long may the answer be */
};

enum iam_end {
	IAM_PASSED = 0, /* the hops were used up; it would have gone on */
	IAM_TARGET = 1, /* it is for the member that answers */
	IAM_STUCK = 2,  /* nobody that this member is linked with is nearer */
};

/* A link that the ring wants. What a member has for its traffic it does not tell. */
struct iam_link {
	struct id id;
	bool is_near;  /* one of the nearest; else a shortcut */
	bool is_relay; /* its datagrams go through a relay */
};

struct iam {
	uint64_t token;
	uint8_t end;         /* enum iam_end */
	bool is_relay;       /* so was the link by which the WHO came */
	uint32_t step_us;    /* the round trip of that link; 0: not known */
	struct id before;    /* from whom it came */
	struct id relay;     /* is_relay: through whom; zero: not known. Else zero */
	struct span name;    /* borrowed; 1..IAM_NAME_MAX characters */
	uint32_t link_count; /* <= IAM_LINKS_MAX */
	struct iam_link links[IAM_LINKS_MAX];
};

/* How many links there is room for, in an answer of so many bytes, behind a name of this length. */
uint32_t iam_links_fit(size_t bytes, size_t name_len);

/* Encoders mark the writer if there is no room; decoders: 0 or ERR_MALFORMED (length, zeros that
 * are not zero, a value or bit that is none, a number above its limit). */
void who_encode(const struct who *who, struct writer *w);
int who_decode(struct span bytes, struct who *ret);
void iam_encode(const struct iam *iam, struct writer *w);
int iam_decode(struct span bytes, struct iam *ret);

#endif
