/* test_impairment.c - the impairer does what it is told, in the stated share, and nothing else. */
#include "tests/lab/impairment.h"
#include "tests/lib/cmocka.h"

#include <string.h>

#define FRAMES 100000U
#define UDP_AT 34 /* in a frame with an IPv4 header without options */
#define PAYLOAD_AT 42

static const struct mono START = { .us = 1000000 };

static void sum_words(const uint8_t *bytes, size_t len, uint32_t *sum)
{
	for (size_t i = 0; i < len; i++)
		*sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
	while (*sum >> 16)
		*sum = (*sum & 0xffff) + (*sum >> 16);
}

/* The checksum over pseudo header, header and payload as a receiver folds it: 0xffff if right. */
static uint32_t udp_sum(const uint8_t *frame, size_t len, size_t udp)
{
	bool is_v4 = udp == UDP_AT;
	uint32_t sum = 17 + (uint32_t)(len - udp);

	sum_words(frame + (is_v4 ? 26 : 22), is_v4 ? 8 : 32, &sum);
	sum_words(frame + udp, len - udp, &sum);
	return sum;
}

/* A frame with a UDP packet of `payload` bytes and a right checksum; its length. */
static size_t make_udp(uint8_t *frame, bool is_v6, size_t payload)
{
	size_t udp = is_v6 ? 54 : UDP_AT;
	size_t len = udp + 8 + payload;

	for (size_t i = 0; i < len; i++)
		frame[i] = (uint8_t)(i * 7 + 1);
	frame[12] = is_v6 ? 0x86 : 0x08;
	frame[13] = is_v6 ? 0xdd : 0x00;
	frame[14] = is_v6 ? 0x60 : 0x45;
	memset(frame + 20, 0, 2); /* IPv4: no fragment; IPv6: the next header follows */
	if (is_v6) {
		frame[20] = 17;
		frame[38] = 0x20;
	} else {
		frame[23] = 17;
		frame[30] = 10;
	}
	memset(frame + udp + 6, 0, 2);
	uint32_t sum = ~udp_sum(frame, len, udp) & 0xffff;
	frame[udp + 6] = (uint8_t)(sum >> 8);
	frame[udp + 7] = (uint8_t)sum;
	return len;
}

static struct impairment with(struct impair_options options)
{
	struct impairment im;

	impairment_init(&im, &options, 7);
	return im;
}

/* How many of FRAMES frames pass, one each millisecond. */
static unsigned run(struct impairment *im)
{
	uint8_t frame[128];
	size_t len = make_udp(frame, false, 20);
	struct mono now = START;
	unsigned passed = 0;

	for (unsigned i = 0; i < FRAMES; i++) {
		passed += impairment_decide(im, now, frame, len).copies > 0;
		now = mono_add_ms(now, 1);
	}
	return passed;
}

static void test_perfect_line_changes_nothing(void **state)
{
	struct impairment im = with((struct impair_options){ .queue_ms = 0 });
	uint8_t frame[128], before[128];
	size_t len = make_udp(frame, false, 20);

	(void)state;
	memcpy(before, frame, len);
	struct impair_verdict verdict = impairment_decide(&im, START, frame, len);
	assert_int_equal(verdict.copies, 1);
	assert_int_equal(verdict.at.us, START.us);
	assert_memory_equal(frame, before, len);
	assert_int_equal(run(&im), FRAMES);
}

static void test_loss_has_its_share(void **state)
{
	static const unsigned per_mille[] = { 1, 16, 300, 900 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct impairment im = with((struct impair_options){ .loss = per_mille[i] });
		unsigned expected = FRAMES / 1000 * per_mille[i];
		unsigned passed = run(&im);
		assert_in_range(FRAMES - passed, expected * 9 / 10 - 20, expected * 11 / 10 + 20);
		assert_int_equal(im.stats.lost, FRAMES - passed);
	}
	struct impairment cut = with((struct impair_options){ .loss = IMPAIR_CERTAIN, .burst = 3 });
	assert_int_equal(run(&cut), 0);
}

static void test_bursts_keep_the_share(void **state)
{
	static const unsigned lengths[] = { 1, 3, 20 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct impairment im =
			with((struct impair_options){ .loss = 300, .burst = lengths[i] });
		unsigned lost = FRAMES - run(&im);
		assert_in_range(lost, 28000, 32000);
		assert_in_range(UINT64_C(100) * lost / im.stats.bursts, lengths[i] * 92UL,
				lengths[i] * 108UL);
	}
}

static void test_impossible_options_are_named(void **state)
{
	(void)state;
	/* Half of all frames in runs of one: every second frame is the most that is possible. */
	assert_null(impairment_objection(&(struct impair_options){ .loss = 500, .burst = 1 }));
	assert_non_null(impairment_objection(&(struct impair_options){ .loss = 501, .burst = 1 }));
	assert_null(impairment_objection(&(struct impair_options){ .corrupt = 1000 }));
	assert_non_null(impairment_objection(&(struct impair_options){ .corrupt = 1001 }));
	assert_null(impairment_objection(&(struct impair_options){ .delay_ms = 60000 }));
	assert_non_null(impairment_objection(&(struct impair_options){ .delay_ms = 60001 }));
}

static void test_black_hole_takes_what_is_longer(void **state)
{
	struct impairment im = with((struct impair_options){ .blackhole_bytes = 100 });
	uint8_t frame[256];

	(void)state;
	size_t len = make_udp(frame, false, 72); /* an IP packet of 100 bytes */
	assert_int_equal(impairment_decide(&im, START, frame, len).copies, 1);
	len = make_udp(frame, false, 73);
	assert_int_equal(impairment_decide(&im, START, frame, len).copies, 0);
	assert_int_equal(im.stats.blackholed, 1);
}

static void test_corruption_reaches_the_socket(void **state)
{
	struct impairment im = with((struct impair_options){ .corrupt = IMPAIR_CERTAIN });
	uint8_t frame[256], before[256];

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		bool is_v6 = i % 2 == 1;
		size_t udp = is_v6 ? 54 : UDP_AT;
		size_t len = make_udp(frame, is_v6, 1 + i % 100);
		memcpy(before, frame, len);
		assert_int_equal(udp_sum(frame, len, udp), 0xffff);
		assert_int_equal(impairment_decide(&im, START, frame, len).copies, 1);
		assert_int_equal(udp_sum(frame, len, udp), 0xffff);
		assert_false(frame[udp + 6] == 0 && frame[udp + 7] == 0);

		unsigned changed = 0;
		for (size_t at = udp + 8; at < len; at++)
			changed += frame[at] != before[at];
		assert_int_equal(changed, 1);
		assert_memory_equal(frame, before, udp + 6);
	}
	assert_int_equal(im.stats.corrupted, 20000);
	assert_int_equal(im.stats.not_udp, 0);
}

static void test_what_cannot_be_corrupted_is_left_alone(void **state)
{
	struct impairment im = with((struct impair_options){ .corrupt = IMPAIR_CERTAIN });
	uint8_t frame[128], before[128];

	(void)state;
	size_t len = make_udp(frame, false, 20);
	memset(frame + UDP_AT + 6, 0, 2); /* sent without checksum: none is made up */
	(void)impairment_decide(&im, START, frame, len);
	assert_int_equal(frame[UDP_AT + 6] | frame[UDP_AT + 7], 0);
	assert_int_equal(im.stats.corrupted, 1);

	for (unsigned kind = 0; kind < 3; kind++) {
		len = make_udp(frame, false, kind == 2 ? 0 : 20);
		if (kind == 0)
			frame[23] = 6; /* TCP */
		if (kind == 1)
			frame[21] = 1; /* a later fragment: what stands there is no header */
		memcpy(before, frame, len);
		assert_int_equal(impairment_decide(&im, START, frame, len).copies, 1);
		assert_memory_equal(frame, before, len);
	}
	assert_int_equal(im.stats.not_udp, 3);
}

static void test_rate_spaces_frames_and_bounds_the_queue(void **state)
{
	/* 1000 bytes at 8 Mbit/s take 1 ms; at most 5 ms of them wait. */
	struct impairment im = with((struct impair_options){ .rate_kbit = 8000, .queue_ms = 5 });
	uint8_t frame[1000];
	size_t len = make_udp(frame, false, 1000 - PAYLOAD_AT);

	(void)state;
	for (unsigned i = 1; i <= 6; i++) {
		struct impair_verdict verdict = impairment_decide(&im, START, frame, len);
		assert_int_equal(verdict.copies, 1);
		assert_int_equal(verdict.at.us, START.us + i * 1000UL);
	}
	assert_int_equal(impairment_decide(&im, START, frame, len).copies, 0);
	assert_int_equal(im.stats.queue_full, 1);
	struct mono later = mono_add_us(START, 1000);
	assert_int_equal(impairment_decide(&im, later, frame, len).at.us, START.us + 7000);
}

/* Frames `spacing_ms` apart under 50 +- 20 ms: the least and the most that one was delayed. */
static void run_jitter(unsigned spacing_ms, uint64_t *ret_least_us, uint64_t *ret_most_us)
{
	struct impairment im = with((struct impair_options){ .delay_ms = 50, .jitter_ms = 20 });
	uint8_t frame[128];
	size_t len = make_udp(frame, false, 20);
	struct mono now = START, last = START;

	*ret_least_us = UINT64_MAX;
	*ret_most_us = 0;
	for (unsigned i = 0; i < 1000; i++) {
		now = mono_add_ms(now, spacing_ms);
		struct mono at = impairment_decide(&im, now, frame, len).at;
		assert_true(mono_reached(at, last));
		last = at;
		if (at.us - now.us < *ret_least_us)
			*ret_least_us = at.us - now.us;
		if (at.us - now.us > *ret_most_us)
			*ret_most_us = at.us - now.us;
	}
}

static void test_jitter_stays_in_its_bounds_and_in_order(void **state)
{
	uint64_t least_us, most_us;

	(void)state;
	run_jitter(50, &least_us, &most_us);
	assert_in_range(least_us, 30000, 30400);
	assert_in_range(most_us, 69600, 70000);
	run_jitter(1, &least_us, &most_us); /* many would overtake: they wait for the one before */
	assert_in_range(least_us, 30000, 70000);
	assert_in_range(most_us, 69000, 70000);
}

static void test_held_back_frames_are_overtaken(void **state)
{
	struct impairment im =
		with((struct impair_options){ .delay_ms = 5, .reorder = 250, .reorder_by_ms = 10 });
	uint8_t frame[128];
	size_t len = make_udp(frame, false, 20);
	unsigned late = 0;

	(void)state;
	for (unsigned i = 0; i < FRAMES; i++) {
		struct mono now = mono_add_ms(START, i);
		uint64_t took_us = impairment_decide(&im, now, frame, len).at.us - now.us;
		assert_true(took_us == 5000 || took_us == 15000);
		late += took_us == 15000;
	}
	assert_in_range(late, 24000, 26000);
	assert_int_equal(im.stats.reordered, late);
}

static void test_duplicates_have_their_share(void **state)
{
	struct impairment im = with((struct impair_options){ .duplicate = 500 });
	uint8_t frame[128];
	size_t len = make_udp(frame, false, 20);
	unsigned copies = 0;

	(void)state;
	for (unsigned i = 0; i < FRAMES; i++)
		copies += impairment_decide(&im, START, frame, len).copies;
	assert_in_range(copies, FRAMES + 49000, FRAMES + 51000);
	assert_int_equal(im.stats.duplicated, copies - FRAMES);
}

static void test_the_cable_is_spared(void **state)
{
	struct impairment im = with((struct impair_options){ .loss = IMPAIR_CERTAIN });
	uint8_t frame[128];

	(void)state;
	size_t len = make_udp(frame, false, 20);
	frame[13] = 6; /* ARP */
	assert_int_equal(impairment_decide(&im, START, frame, len).copies, 1);
	for (uint8_t type = 132; type <= 138; type++) {
		len = make_udp(frame, true, 20);
		frame[20] = 58;
		frame[54] = type;
		assert_int_equal(impairment_decide(&im, START, frame, len).copies,
				 type >= 133 && type <= 137);
	}
	len = make_udp(frame, false, 20);
	memcpy(frame + 30, (const uint8_t[]){ 224, 0, 0, 251 }, 4);
	assert_int_equal(impairment_decide(&im, START, frame, len).copies, 1);
	memcpy(frame + 30, (const uint8_t[]){ 224, 0, 1, 251 }, 4); /* this one is routed */
	assert_int_equal(impairment_decide(&im, START, frame, len).copies, 0);
	for (size_t short_len = 0; short_len < 34; short_len++)
		assert_int_equal(impairment_decide(&im, START, frame, short_len).copies, 1);
}

static void test_same_seed_same_fate(void **state)
{
	struct impair_options options = { .loss = 200, .duplicate = 200, .jitter_ms = 9 };
	struct impairment a, b, other;
	uint8_t frame[128];
	size_t len = make_udp(frame, false, 20);
	unsigned differing = 0;

	(void)state;
	impairment_init(&a, &options, 1);
	impairment_init(&b, &options, 1);
	impairment_init(&other, &options, 2);
	for (unsigned i = 0; i < 1000; i++) {
		struct impair_verdict x = impairment_decide(&a, START, frame, len);
		struct impair_verdict y = impairment_decide(&b, START, frame, len);
		assert_int_equal(x.copies, y.copies);
		assert_int_equal(x.at.us, y.at.us);
		differing += x.copies != impairment_decide(&other, START, frame, len).copies;
	}
	assert_in_range(differing, 100, 900);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_perfect_line_changes_nothing),
		cmocka_unit_test(test_loss_has_its_share),
		cmocka_unit_test(test_bursts_keep_the_share),
		cmocka_unit_test(test_impossible_options_are_named),
		cmocka_unit_test(test_black_hole_takes_what_is_longer),
		cmocka_unit_test(test_corruption_reaches_the_socket),
		cmocka_unit_test(test_what_cannot_be_corrupted_is_left_alone),
		cmocka_unit_test(test_rate_spaces_frames_and_bounds_the_queue),
		cmocka_unit_test(test_jitter_stays_in_its_bounds_and_in_order),
		cmocka_unit_test(test_held_back_frames_are_overtaken),
		cmocka_unit_test(test_duplicates_have_their_share),
		cmocka_unit_test(test_the_cable_is_spared),
		cmocka_unit_test(test_same_seed_same_fate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
