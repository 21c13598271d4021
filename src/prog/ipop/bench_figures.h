/* bench_figures.h - what `ipop bench` measured, and how it looks: a table of 80 columns, JSON.
 *
 * Round trips are those of datagrams that were sent at fixed times whether or not the ones before
 * came back, so a moment in which nothing passes counts as often as it lasted.
 */
#ifndef PROG_IPOP_BENCH_FIGURES_H
#define PROG_IPOP_BENCH_FIGURES_H

#include "prog/ipop/bench_wire.h"
#include "prog/ipop/output.h"

#define BENCH_IDLE_ECHOES 200
#define BENCH_IDLE_INTERVAL_MS 5
#define BENCH_LOAD_INTERVAL_MS 10
#define BENCH_ECHOES_MAX (BENCH_SECONDS_MAX * 1000 / BENCH_LOAD_INTERVAL_MS + 1)

/* The echoes of one part of a run. */
struct bench_echoes {
	uint64_t first; /* number of the first one */
	uint32_t sent, answered;
	uint64_t sent_us[BENCH_ECHOES_MAX]; /* 0: it was answered */
	uint32_t rtt_us[BENCH_ECHOES_MAX];  /* of those that were answered, in no order */
};

/* None, of which the first will have this number. */
void bench_echoes_init(struct bench_echoes *echoes, uint64_t first);

/* Notes that one leaves now, and gives its number; false if there are enough. Requires now > 0. */
bool bench_echoes_send(struct bench_echoes *echoes, uint64_t now_us, uint64_t *ret_number);

/* Notes an answer. Those to none of these, or the second to one, are ignored. */
void bench_echoes_answer(struct bench_echoes *echoes, uint64_t number, uint64_t now_us);

/* The round trip that so many of a hundred do not exceed (nearest rank). Requires an answer, and
 * 1 <= percent <= 100; sorts. */
uint32_t bench_echoes_percentile(struct bench_echoes *echoes, unsigned percent);

/* What the processors of this host did since it began, in ticks of the kernel's. */
struct bench_ticks {
	uint64_t busy, all; /* of all processors together; 0: not known */
};

/* From the first line of /proc/stat (proc(5)). */
struct bench_ticks bench_ticks_of(const char *stat);

/* How busy they were in between, in thousandths of all processors; -1 if that is not known. */
int bench_ticks_permille(struct bench_ticks before, struct bench_ticks after);

/* One part of a run. */
struct bench_part {
	uint64_t bytes, us; /* what passed, and in what time; of the idle part 0 */
	uint32_t echoes, answered;
	uint32_t p50_us, p99_us; /* if one was answered */
	int busy_permille;
};

enum bench_parts { BENCH_IDLE, BENCH_TO, BENCH_FROM, BENCH_PARTS };

/* Bits a second; 0 if no time passed. */
uint64_t bench_rate(uint64_t bytes, uint64_t us);

struct bench_figures {
	struct output_text peer, id, address;
	/* The way of the packets at the end, and at the beginning if it was another; as
	 * answer_way() has it. */
	struct output_text way, way_before;
	const json_t *way_at; /* borrowed: way, remote, relay of the peer; NULL: not known */
	uint64_t mtu;         /* how large a packet that way carries */
	struct output_text cipher;
	uint32_t seconds, streams;
	uint16_t port;
	long cpus; /* of this host */
	struct bench_part parts[BENCH_PARTS];
};

void bench_figures_print(const struct bench_figures *figures, FILE *out);

/* `ipop.bench/1` (doc/cli.md); NULL without memory. */
json_t *bench_figures_json(const struct bench_figures *figures);

#endif
