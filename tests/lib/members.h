/* members.h - two members of a network with a key set between them, each with the table, egress and
 * thread that its daemon would have; and batches of packets for them. What goes wrong stops the
 * process: these are for tests, fuzzing and measuring.
 */
#ifndef TESTS_MEMBERS_H
#define TESTS_MEMBERS_H

#include "forward/forward.h"

#define MEMBERS_A_INDEX 0xaaaaaaaa /* a's receiver index */
#define MEMBERS_B_INDEX 0xbbbbbbbb
#define MEMBERS_A_LINK 0xa /* b's name for the link to a */
#define MEMBERS_B_LINK 0xb
#define PACKETS_BUFFER_BYTES 2048
#define MEMBERS_SLOTS 256 /* of an egress */

/* Addresses: c is a third member, and nobody here has them. */
extern const uint8_t members_a4[4], members_b4[4], members_c4[4];
extern const uint8_t members_a6[16], members_b6[16], members_c6[16];

/* When they meet. */
extern const struct now members_start;
struct now members_later_ms(uint64_t ms);

struct member {
	struct rng rng;
	struct keyset *keyset;
	struct egress *egress;
	struct forward_thread thread;
	struct forward_table *table;
	struct table_config config;
	struct table_entry entry; /* of the other */
};

struct members {
	struct member a, b;
};

/* Of `like` everything counts but keys and indices; {0} is AES-256-GCM without end. */
struct members *members_new(const struct keyset_config *like);
void members_del(struct members *members);

/* For fuzz targets: the same two each time, as if they were new. */
struct members *members_again(void);

/* Makes a new table of the member's config and entry, and deletes the old one. */
void member_publish(struct member *member);

struct packets;

/* One call of forward_from_tun() or forward_from_wire() with what the member has. */
size_t member_from_tun(struct member *member, struct now now, struct packets *packets);
size_t member_from_wire(struct member *member, struct now now, struct packets *packets);

/* A batch and the buffers that its packets point to. */
struct packets {
	struct forward_batch batch;
	uint8_t buffers[FORWARD_BATCH_MAX][PACKETS_BUFFER_BYTES];
};

/* All add one packet, PENDING. */
struct forward_packet *packets_add(struct packets *packets); /* empty */
struct forward_packet *packets_add_v4(struct packets *packets, size_t len, const uint8_t source[4],
				      const uint8_t destination[4]);
struct forward_packet *packets_add_v6(struct packets *packets, size_t len, const uint8_t source[16],
				      const uint8_t destination[16]);

/* A datagram of any content that came to b from a's address. */
struct forward_packet *packets_add_datagram(struct packets *packets, struct span bytes);

/* A frame that a seals for b, whatever its tables say: a member that does as it pleases. */
struct forward_packet *packets_add_frame(struct packets *packets, struct members *members,
					 const struct frame_header *frame, struct span payload);

struct forward_packet *packets_add_ip(struct packets *packets, struct members *members,
				      struct span payload); /* of kind ip */

/* Any bytes, sealed as a would but with any counter below 2^64. */
struct forward_packet *packets_add_sealed(struct packets *packets, uint64_t counter,
					  struct span plain);

/* Empties the batch, then moves all that waits in a's egress to it, for b. */
void packets_carry(struct packets *packets, struct members *members);

#endif
