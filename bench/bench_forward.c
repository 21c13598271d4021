/* bench_forward.c - what a packet costs in the data plane, part by part, in nanoseconds.
 *
 * Time is that of the one thread on its processor, in rounds of many packets: the best round, which
 * is what the code costs, and the median, which is what the machine's other work makes of it. The
 * ratio is the best to that of a fixed piece of work, so that runs on machines of different speed
 * can be compared, as run.sh does with forward.baseline.
 * Packets of 64 bytes are small UDP, those of 1,360 fill the TUN's MTU.
 */
#include "base/check.h"
#include "forward/forward.h"
#include "session/replay.h"
#include "tests/lib/super.h"
#include "tests/lib/trio.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 25
#define PACKETS 4096   /* a round; less than the replay window, so that any order would do */
#define RELAY_BATCH 64 /* what a trio's meter lets pass at once */
#define ENTRIES 1000   /* members in the table */

/* What the parts work on. */
struct bench {
	struct members *members;
	struct forward_table *table; /* of many entries */
	struct trio *trio;
	struct packets packets;
	size_t len; /* of the inner packet */
	uint8_t packet[PACKETS_BUFFER_BYTES];
	uint8_t (*datagrams)[PACKETS_BUFFER_BYTES]; /* PACKETS, sealed by a for b */
	struct aead aead;
	uint64_t counter;
	struct now relay_now; /* time goes on, so that the meter is never empty */
	uint64_t sum;         /* of all results, so that nothing is optimized away */
	double yardstick_ns;  /* what a fixed piece of work costs here; 0: not measured yet */
	uint8_t super[SUPER_BYTES_MAX];
};

static uint64_t now_ns(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a;
	const uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Runs `round`, which handles PACKETS packets, and prints; `prepare` (may be NULL) is not timed. */
static void measure(struct bench *bench, const char *name, void (*prepare)(struct bench *),
		    void (*round)(struct bench *))
{
	uint64_t times[ROUNDS];
	uint64_t median;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t start;

		if (prepare != NULL)
			prepare(bench);
		start = now_ns();
		round(bench);
		times[i] = now_ns() - start;
	}
	qsort(times, ROUNDS, sizeof(times[0]), compare);
	median = times[ROUNDS / 2];
	if (bench->yardstick_ns <= 0)
		bench->yardstick_ns = (double)times[0] / PACKETS;
	(void)printf("%-44s %8.1f %8.1f %8.2f\n", name, (double)times[0] / PACKETS,
		     (double)median / PACKETS, (double)times[0] / PACKETS / bench->yardstick_ns);
}

/* Nothing of ours: a chain of multiplications, as long as the processor makes it. */
static void yardstick(struct bench *bench)
{
	uint64_t x = bench->sum | 1;

	for (size_t i = 0; i < PACKETS * (size_t)64; i++)
		x = x * 0x9e3779b97f4a7c15U + i;
	bench->sum += x;
}

/* A super-packet of 32 segments: from the TUN to the egress and out, a segment. */
static void super_from_tun(struct bench *bench)
{
	const struct super super = { .tcp = true,
				     .options = 12,
				     .segment_bytes = 1296,
				     .payload = 32 * (size_t)1296,
				     .source = members_a4,
				     .destination = members_b4 };
	struct member *a = &bench->members->a;
	const size_t len = super_make(&super, bench->super);

	for (size_t i = 0; i < PACKETS / 32; i++) {
		struct egress_datagram *datagram;

		bench->packets.batch.count = 1;
		bench->packets.batch.packets[0] = (struct forward_packet){
			.data = bench->super,
			.len = len,
			.offload = { .kind = OFFLOAD_TCP4,
				     .segment_bytes = 1296,
				     .partial_checksum = true,
				     .checksum_start = 20,
				     .checksum_offset = 16 },
		};
		CHECK(member_from_tun(a, members_start, &bench->packets) == 0);
		while ((datagram = egress_next(a->egress, members_start.mono)) != NULL)
			egress_done(a->egress, datagram);
	}
}

static void seal(struct bench *bench)
{
	const struct frame_header frame = { .kind = FRAME_IP };
	const struct span packet = span_of(bench->packet, bench->len);

	for (size_t i = 0; i < PACKETS; i++)
		CHECK(keyset_seal(bench->members->a.keyset, members_start.mono, &frame, packet,
				  bench->datagrams[i]) == 0);
}

static void open_all(struct bench *bench)
{
	for (size_t i = 0; i < PACKETS; i++) {
		struct keyset_opened opened;

		CHECK(keyset_open(bench->members->b.keyset, members_start.mono, bench->datagrams[i],
				  bench->len + KEYSET_OVERHEAD, &opened) == 0);
		bench->sum += opened.frame.payload_len;
	}
}

/* The cipher alone, as far as it can be alone: the rest of keyset_seal is ours. */
static void cipher(struct bench *bench)
{
	const struct span plain = span_of(bench->packet, bench->len);
	uint8_t nonce[AEAD_NONCE_BYTES];

	for (size_t i = 0; i < PACKETS; i++) {
		aead_counter_nonce(bench->counter++, nonce);
		CHECK(aead_seal(&bench->aead, nonce, span_of(bench->packet, DATAGRAM_HEADER_BYTES),
				plain, bench->datagrams[i]) == 0);
	}
}

static void decode(struct bench *bench)
{
	for (size_t i = 0; i < PACKETS; i++) {
		struct ip_packet ip;

		CHECK(ip_decode(span_of(bench->packet, bench->len), &ip) == 0);
		bench->sum += ip.transport_at;
	}
}

static struct ip_address nth_address(uint32_t n)
{
	struct ip_address address = { .bytes = { 0xfd } };

	for (size_t i = 0; i < sizeof(n); i++)
		address.bytes[IP_ADDRESS_BYTES - 1 - i] = (uint8_t)(n >> (8 * i));
	return address;
}

static void find_destination(struct bench *bench)
{
	for (uint32_t i = 0; i < PACKETS; i++) {
		const struct ip_address address = nth_address(i * 7919 % ENTRIES);

		bench->sum += table_find_destination(bench->table, &address)->link;
	}
}

static void find_receiver(struct bench *bench)
{
	struct keyset *keyset = NULL;

	for (size_t i = 0; i < PACKETS; i++)
		bench->sum += table_find_receiver(bench->members->b.table, MEMBERS_B_INDEX, &keyset)
				      ->link;
}

static void window(struct bench *bench)
{
	static struct replay replay;

	for (size_t i = 0; i < PACKETS; i++, bench->counter++)
		bench->sum += replay_check(&replay, bench->counter) &&
			      replay_update(&replay, bench->counter);
}

/* Through the queue, 16 at a time. */
static void queue(struct bench *bench)
{
	struct egress *egress = bench->members->a.egress;
	struct egress_datagram *datagram;

	for (size_t i = 0; i < PACKETS; i++) {
		const struct egress_datagram like = { .link = (uint32_t)i % 16,
						      .class = EGRESS_DATA };

		datagram = egress_reserve(egress, &like);
		CHECK(datagram != NULL);
		egress_commit(egress, datagram, bench->len);
		while (i % 16 == 15 && (datagram = egress_next(egress, members_start.mono)) != NULL)
			egress_done(egress, datagram);
	}
}

/* TUN to egress and out. */
static void from_tun(struct bench *bench)
{
	struct member *a = &bench->members->a;
	struct egress_datagram *datagram;

	for (size_t i = 0; i < PACKETS / FORWARD_BATCH_MAX; i++) {
		for (size_t k = 0; k < FORWARD_BATCH_MAX; k++)
			bench->packets.batch.packets[k] = (struct forward_packet){
				.data = bench->packet,
				.len = bench->len,
			};
		bench->packets.batch.count = FORWARD_BATCH_MAX;
		CHECK(member_from_tun(a, members_start, &bench->packets) == 0);
		while ((datagram = egress_next(a->egress, members_start.mono)) != NULL)
			egress_done(a->egress, datagram);
	}
}

/* Datagram to verdict; they were sealed before. */
static void from_wire(struct bench *bench)
{
	const struct table_entry *entry = &bench->members->b.entry;

	for (size_t i = 0; i < PACKETS; i += FORWARD_BATCH_MAX) {
		for (size_t k = 0; k < FORWARD_BATCH_MAX; k++)
			bench->packets.batch.packets[k] = (struct forward_packet){
				.data = bench->datagrams[i + k],
				.len = bench->len + KEYSET_OVERHEAD,
				.way = entry->way,
			};
		bench->packets.batch.count = FORWARD_BATCH_MAX;
		CHECK(member_from_wire(&bench->members->b, members_start, &bench->packets) ==
		      FORWARD_BATCH_MAX);
	}
}

/* Sealed twice, for a peer behind a relay. */
static void seal_wrapped(struct bench *bench)
{
	const struct seal_keys keys = { .keyset = bench->trio->members->a.keyset,
					.relay = bench->trio->ar,
					.relay_index = TRIO_TO_B };
	const struct frame_header frame = { .kind = FRAME_IP };

	for (size_t i = 0; i < PACKETS; i++) {
		uint8_t *datagram = bench->datagrams[i];
		struct seal_run run;

		CHECK(seal_run_begin(&keys, members_start.mono, 1, &run) == 0);
		memcpy(datagram + seal_run_payload_at(&run), bench->packet, bench->len);
		CHECK(seal_run_next(&run, &frame, bench->len, datagram) == 0);
		seal_run_end(&run);
	}
}

/* At the relay: opened, sealed for the next, and out. */
static void relay(struct bench *bench)
{
	struct member *r = &bench->trio->r;
	const struct way from_a = trio_way_at_r(true);
	struct egress_datagram *datagram;

	for (size_t i = 0; i < PACKETS; i += RELAY_BATCH) {
		for (size_t k = 0; k < RELAY_BATCH; k++)
			bench->packets.batch.packets[k] = (struct forward_packet){
				.data = bench->datagrams[i + k],
				.len = bench->len + KEYSET_OVERHEAD + SEAL_RELAY_OVERHEAD,
				.way = from_a,
			};
		bench->packets.batch.count = RELAY_BATCH;
		CHECK(member_from_wire(r, bench->relay_now, &bench->packets) == 0);
		while ((datagram = egress_next(r->egress, members_start.mono)) != NULL)
			egress_done(r->egress, datagram);
		bench->relay_now.mono = mono_add_ms(bench->relay_now.mono, 1000); /* rate */
		bench->relay_now.wall.us += 1000000;
	}
	bench->sum += r->thread.counters.relayed;
	CHECK(r->thread.counters.drop_relay_rate == 0);
}

/* With the packet that is there, in the name, too. */
static void measure_size(struct bench *bench, const char *name, void (*prepare)(struct bench *),
			 void (*round)(struct bench *))
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%s, %zu v%d", name, bench->len, bench->packet[0] >> 4);
	measure(bench, text, prepare, round);
}

static void by_size(struct bench *bench, bool v6, size_t len)
{
	bench->len = v6 ? packet_v6(bench->packet, len, members_a6, members_b6)
			: packet_v4(bench->packet, len, members_a4, members_b4);
	measure_size(bench, "aead_seal, AES-256-GCM", NULL, cipher);
	measure_size(bench, "keyset_seal", NULL, seal);
	measure_size(bench, "keyset_open", seal, open_all);
	measure_size(bench, "ip_decode", NULL, decode);
	measure_size(bench, "forward_from_tun and egress", NULL, from_tun);
	measure_size(bench, "forward_from_wire", seal, from_wire);
	measure_size(bench, "forward_from_wire, relayed on", seal_wrapped, relay);
}

static struct forward_table *large_table(struct rng *rng)
{
	const struct table_config config = { .entries_max = ENTRIES };
	struct forward_table *table = NULL;
	uint32_t number;

	CHECK(table_new(&config, rng, &table) == 0);
	for (uint32_t n = 0; n < ENTRIES; n++) {
		const struct table_entry entry = { .action = TABLE_QUEUE,
						   .link = n,
						   .addresses = { nth_address(n) },
						   .address_count = 1 };

		CHECK(table_add_entry(table, &entry, &number) == 0);
	}
	return table;
}

int main(void)
{
	static struct bench bench;

	bench.members = members_new(&(struct keyset_config){ 0 });
	bench.trio = trio_new(&(struct keyset_config){ 0 });
	bench.relay_now = members_start;
	bench.table = large_table(&bench.members->a.rng);
	CHECK(aead_init(&bench.aead, &aead_aes_256_gcm, bench.packet) == 0);
	bench.datagrams = calloc(PACKETS, sizeof(bench.datagrams[0]));
	CHECK(bench.datagrams != NULL);
	(void)printf("%-44s %8s %8s %8s\n", "ns a packet", "best", "median", "ratio");
	measure(&bench, "yardstick", NULL, yardstick);
	bench.members->a.entry.takes_partial = true;
	member_publish(&bench.members->a);
	measure(&bench, "table_find_destination of 1000", NULL, find_destination);
	measure(&bench, "table_find_receiver", NULL, find_receiver);
	measure(&bench, "replay_check and _update", NULL, window);
	bench.len = 64;
	measure(&bench, "egress, in and out", NULL, queue);
	by_size(&bench, false, 64);
	by_size(&bench, true, 64);
	by_size(&bench, false, FORWARD_MTU);
	measure(&bench, "super-packet from TUN, a segment", NULL, super_from_tun);
	aead_free(&bench.aead);
	free(bench.datagrams);
	table_del(bench.table);
	trio_del(bench.trio);
	members_del(bench.members);
	return bench.sum == 0; /* never: something was found and opened */
}
