/* soak_handshakes.c - COUNT whole handshakes of two members in one process, each ended with a
 * goodbye: memory stays flat, in blocks of the heap to the last one.
 */
#include "base/check.h"
#include "tests/lib/allocations.h"
#include "tests/lib/party.h"
#include "tests/lib/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define WARM_UP 1000 /* by then every table and libcrypto have what they keep */
#define RSS_GROWTH_MAX_BYTES (UINT64_C(1) << 20)
#define APART_MS 500

static void handshake(struct party_pair *pair, uint64_t number)
{
	const struct now now = party_later_ms(number * APART_MS);

	party_connect(pair->a, pair->b, now);
	CHECK(party_is_joined(pair->a, pair->b));
	sessions_close(pair->a->sessions, now, party_session(pair->a), FRAME_CLOSE_SHUTDOWN);
	party_exchange(pair->a, pair->b, now);
	CHECK(sessions_counters(pair->b->sessions).sessions == 0);
	pair->a->note_count = pair->b->note_count = 0;
}

int main(int argc, char **argv)
{
	const uint64_t count = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;
	struct progress progress = progress_start("handshakes", count);
	struct party_pair *pair;
	uint64_t rss = 0;
	int64_t live = 0;
	bool flat;

	if (count <= WARM_UP) {
		(void)fprintf(stderr, "usage: soak_handshakes COUNT, more than %d\n", WARM_UP);
		return 2;
	}
	CHECK(party_pair_set_up((void **)&pair) == 0);
	for (uint64_t i = 0; i < count; i++) {
		if (i == WARM_UP) {
			live = allocations_live();
			rss = progress_rss_bytes();
		}
		handshake(pair, i);
		progress_tell(&progress, i + 1);
	}
	flat = allocations_live() == live && progress_rss_bytes() < rss + RSS_GROWTH_MAX_BYTES;
	(void)printf("handshakes=%" PRIu64 " seconds=%" PRIu64 " rss_start_kib=%" PRIu64
		     " rss_end_kib=%" PRIu64 " blocks_left=%" PRId64 " %s\n",
		     count, progress_seconds(&progress), rss / 1024, progress_rss_bytes() / 1024,
		     allocations_live() - live, flat ? "flat" : "GROWN");
	(void)party_pair_tear_down((void **)&pair);
	return flat ? 0 : 1;
}
