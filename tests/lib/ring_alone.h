/* ring_alone.h - one ring machine, and what its tests do to it.
 *
 * It stands at 0xf000...; member n stands n/65536 of the ring clockwise of it, so that the order
 * wraps around zero and the other side begins at 0x8000.
 */
#ifndef TESTS_RING_ALONE_H
#define TESTS_RING_ALONE_H

#include "ring/ring.h"

#include "tests/lib/cmocka.h"

#define SELF 0xf000U
#define BACK(n) (0x10000U - (n)) /* the n-th place on our counter-clockwise side */

#define WAIT_US 600000000 /* nothing takes longer */

static struct rng rng;
static struct ring *ring;
static struct now now;
static struct ring_output output;

static inline struct id id_at(unsigned place)
{
	const unsigned at = (SELF + place) & 0xffffU;
	struct id id = { { 0 } };

	id.bytes[0] = (uint8_t)(at >> 8);
	id.bytes[1] = (uint8_t)at;
	id.bytes[ID_BYTES - 1] = 1; /* so that none is zero */
	return id;
}

static inline unsigned place_of(const struct id *id)
{
	return ((unsigned)(id->bytes[0] << 8 | id->bytes[1]) - SELF) & 0xffffU;
}

static inline void set_up_seed(uint64_t seed)
{
	const struct id self = id_at(0);

	rng_init_seed(&rng, seed);
	now = (struct now){ .mono = { .us = 5000000 } };
	assert_int_equal(ring_new(&self, &rng, &ring), 0);
}

static inline int set_up(void **state)
{
	(void)state;
	set_up_seed(1);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	ring_del(ring);
	ring = NULL;
	return 0;
}

static inline void again(uint64_t seed)
{
	ring_del(ring);
	set_up_seed(seed);
}

static inline void pass_us(uint64_t us)
{
	now.mono = mono_add_us(now.mono, us);
}

static inline int meet(unsigned place, bool linked)
{
	return ring_met(ring, now, &(struct ring_member){ .id = id_at(place), .linked = linked });
}

static inline void leave(unsigned place)
{
	const struct id id = id_at(place);

	ring_left(ring, now, &id);
}

static inline int hear(unsigned from, const unsigned *places, size_t count)
{
	struct neighbours list = { .count = (uint8_t)count };
	const struct id id = id_at(from);

	for (size_t i = 0; i < count; i++)
		list.ids[i] = id_at(places[i]);
	return ring_hear(ring, now, &id, &list);
}

/* The next output of this kind at this instant, others passed over; false if there is none. */
static inline bool next_of(enum ring_output_kind kind)
{
	while (ring_poll(ring, now, &output))
		if (output.kind == kind)
			return true;
	return false;
}

/* How many of this kind come now; *ret_last tells about which member the last was. */
static inline unsigned count_of(enum ring_output_kind kind, unsigned *ret_last)
{
	unsigned count = 0;

	while (next_of(kind)) {
		*ret_last = place_of(&output.id);
		count++;
	}
	return count;
}

static inline void drain(void)
{
	while (ring_poll(ring, now, &output)) {
	}
}

/* From deadline to deadline until an output of this kind comes: after how many us; others are
 * passed over. */
static inline uint64_t wait_for(enum ring_output_kind kind)
{
	const struct mono from = now.mono;

	while (!next_of(kind)) {
		const struct mono due = ring_deadline(ring);

		assert_in_range(due.us, now.mono.us + 1, from.us + WAIT_US);
		now.mono = (struct mono){ due.us - 1 };
		assert_false(ring_poll(ring, now, &output)); /* not before its time */
		now.mono = due;
	}
	return now.mono.us - from.us;
}

static inline void assert_jittered(uint64_t us, uint64_t ms)
{
	assert_in_range(us, ms * 1000 * (100 - RING_JITTER_PER_CENT) / 100, ms * 1000);
}

/* It stands in its place, and looks for nobody. */
static inline bool is_at_rest(void)
{
	return ring_is_settled(ring) && ring_wanted(ring) == 0;
}

/* Two neighbours, linked, one on each side, who see us: we stand, and are settled. */
static inline void stand(void)
{
	assert_int_equal(meet(100, true), 0);
	assert_int_equal(meet(BACK(100), true), 0);
	assert_int_equal(hear(100, NULL, 0), 0);
	assert_int_equal(hear(BACK(100), NULL, 0), 0);
	drain();
	assert_true(ring_is_settled(ring));
}

#define RING_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
