/* test_paths_size.c - how large a packet a way carries: when that is asked, what is taken for an
 * answer, what is found, and what it costs. */
#include "base/err.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/lone_paths.h"

#define RTT_MS UINT64_C(50)
#define FOUND_MS UINT64_C(1000) /* three tries and four rounds of RTT_MS and SIZE_GRACE_MS */

static struct way direct_way(void)
{
	return lone_direct("203.0.113.1:1000");
}

/* A session that stands on a direct way, by which the peer answers. */
static void start(struct lone *f)
{
	lone_works(f, direct_way(), RTT_MS);
	lone_start(f, true, direct_way());
	lone_run(f, 1000);
}

/* IP comes and goes, now. */
static void say_ip(struct lone *f)
{
	f->traffic.ip_sent = f->now;
	f->traffic.ip_received = f->now;
	f->traffic.sent = f->now;
	f->traffic.received = f->now;
}

static void talk(struct lone *f, uint64_t ms)
{
	for (uint64_t done = 0; done < ms; done += 100) {
		say_ip(f);
		lone_run(f, ms - done < 100 ? ms - done : 100);
	}
}

/* Padded probes since anybody asked. */
static unsigned padded(struct lone *f)
{
	const unsigned count = f->padded;

	f->padded = 0;
	return count;
}

/* -- when ---------------------------------------------------------------------------------- */

static void without_ip_nothing_is_asked(void **state)
{
	struct lone *f = *state;

	start(f);
	for (unsigned i = 0; i < 100; i++) {
		lone_run(f, 10000);
		assert_int_equal(padded(f), 0);
	}
}

static void when_ip_begins_the_full_size_is_asked_and_then_confirmed(void **state)
{
	struct lone *f = *state;

	start(f);
	say_ip(f);
	lone_run(f, 0);
	assert_int_equal(f->sights[f->count - 2].output.size, PATHS_SIZE_MAX);
	assert_int_equal(f->sights[f->count - 1].output.size, SIZE_CONTROL);
	assert_true(f->sights[f->count - 1].us == f->now.us);
	assert_int_equal(padded(f), 1);
	talk(f, RTT_MS);
	for (unsigned i = 0; i < 5; i++) {
		talk(f, SIZE_CONFIRM_MS - 1);
		assert_int_equal(padded(f), 0);
		talk(f, 1);
		assert_int_equal(padded(f), 1);
		talk(f, RTT_MS);
	}
	assert_int_equal(f->sizes_told, 0);
	lone_run(f, PATHS_QUIET_MS + SIZE_CONFIRM_MS); /* silence */
	(void)padded(f);
	for (unsigned i = 0; i < 10; i++)
		lone_run(f, 10000);
	assert_int_equal(padded(f), 0);
	say_ip(f);
	lone_run(f, 0);
	assert_int_equal(padded(f), 1);
}

static void the_ring_is_not_asked(void **state)
{
	const struct way ring = LONE_RING;
	struct lone *f = *state;

	lone_works(f, ring, RTT_MS);
	lone_start(f, true, ring);
	talk(f, 30000);
	assert_int_equal(padded(f), 0);
	assert_int_equal(paths_size(&f->paths), PATHS_SIZE_MAX);
}

/* -- what is found --------------------------------------------------------------------------- */

static void the_size_is_found_to_the_byte(void **state)
{
	static const uint16_t sizes[] = { PATHS_SIZE_MAX, PATHS_SIZE_MAX - 1, 1352,          1332,
					  1200,           PATHS_SIZE_MIN + 1, PATHS_SIZE_MIN };

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct lone *f;

		assert_int_equal(lone_set_up(state), 0);
		f = *state;
		start(f);
		lone_carries(f, direct_way(), sizes[i]);
		talk(f, FOUND_MS);
		assert_int_equal(paths_size(&f->paths), sizes[i]);
		assert_int_equal(f->sizes_told, sizes[i] < PATHS_SIZE_MAX);
		assert_in_range(padded(f), 1, SIZE_TRIES + 4 * (1 + SIZE_RUNGS));
		assert_int_equal(lone_tear_down(state), 0);
	}
	assert_int_equal(lone_set_up(state), 0); /* for who tears down */
}

/* What carries not even that has no size; it is asked now and then. */
static void less_than_the_least_is_not_looked_for(void **state)
{
	struct lone *f = *state;

	start(f);
	lone_carries(f, direct_way(), PATHS_SIZE_MIN - 1);
	talk(f, 60000);
	assert_int_equal(f->sizes_told, 0);
	assert_int_equal(paths_size(&f->paths), PATHS_SIZE_MAX);
	assert_in_range(padded(f), 12, 24);
}

/* Sends the round, and answers the probes for which that is said, the first being bit 0. */
static unsigned play_round(struct sizing *s, struct mono *now, unsigned answered)
{
	struct size_probe *probe;
	unsigned count = 0;

	while ((probe = sizing_probe(s, *now, 0)) != NULL)
		probe->token = ++count;
	for (unsigned i = 0; i < count; i++)
		if ((answered >> i & 1) != 0)
			(void)sizing_answered(s, *now, i + 1); /* the control's may be too late */
	*now = s->until;
	sizing_turn(s, *now, true);
	return count;
}

/* Which probes a line answers that carries so much. */
static unsigned carried(const struct sizing *s, uint16_t size)
{
	unsigned answered = 0;

	for (unsigned i = 0; i < s->count; i++) {
		assert_true(i == 0 || s->probes[i].size < s->probes[i - 1].size);
		answered |= (s->probes[i].size <= size ? 1U : 0U) << i;
	}
	return answered;
}

static void the_whole_range_is_found(void **state)
{
	(void)state;
	for (uint16_t size = PATHS_SIZE_MIN; size <= PATHS_SIZE_MAX; size++) {
		struct sizing s;
		struct mono now = { .us = 1 };
		unsigned rounds = 0;

		sizing_begin(&s, now, PATHS_SIZE_MAX);
		sizing_turn(&s, now, true);
		while (s.state != SIZING_RESTS) {
			(void)play_round(&s, &now, carried(&s, size));
			assert_true(++rounds <= SIZE_TRIES + 4);
		}
		assert_int_equal(s.size, size);
		now = s.raise_at; /* and from there upwards */
		sizing_turn(&s, now, true);
		while (s.state == SIZING_SEARCHES)
			(void)play_round(&s, &now, carried(&s, PATHS_SIZE_MAX - 3));
		assert_int_equal(s.size, size > PATHS_SIZE_MAX - 3 ? size : PATHS_SIZE_MAX - 3);
	}
}

static void it_takes_three_in_vain(void **state)
{
	const uint64_t try_ms = RTT_MS + SIZE_GRACE_MS;

	for (unsigned in_vain = 1; in_vain <= SIZE_TRIES; in_vain++) {
		struct lone *f;

		assert_int_equal(lone_set_up(state), 0);
		f = *state;
		start(f);
		lone_carries(f, direct_way(), 1300);
		say_ip(f);
		lone_run(f, in_vain * try_ms - 1);
		assert_int_equal(padded(f), in_vain);
		lone_run(f, 1);
		assert_int_equal(padded(f), in_vain < SIZE_TRIES ? 1 : 1 + SIZE_RUNGS);
		lone_carries(f, direct_way(), in_vain < SIZE_TRIES ? PATHS_SIZE_MAX : 1300);
		talk(f, FOUND_MS);
		assert_int_equal(paths_size(&f->paths),
				 in_vain < SIZE_TRIES ? PATHS_SIZE_MAX : 1300);
		assert_int_equal(lone_tear_down(state), 0);
	}
	assert_int_equal(lone_set_up(state), 0);
}

/* -- loss ------------------------------------------------------------------------------------ */

/* Three lost by chance: the search asks for what they asked. */
static void chance_does_not_lower(void **state)
{
	struct lone *f = *state;

	start(f);
	lone_carries(f, direct_way(), PATHS_SIZE_MIN);
	say_ip(f);
	lone_run(f, SIZE_TRIES * (RTT_MS + SIZE_GRACE_MS));
	lone_carries(f, direct_way(), PATHS_SIZE_MAX);
	talk(f, FOUND_MS);
	assert_int_equal(padded(f), SIZE_TRIES + 1 + SIZE_RUNGS);
	assert_int_equal(paths_size(&f->paths), PATHS_SIZE_MAX);
	assert_int_equal(f->sizes_told, 0);
}

/* Two tries in vain, of which the second has no control: the count begins anew, and the control of
 * every first try is small. */
static void without_a_control_the_count_begins_anew(void **state)
{
	struct sizing s;
	struct mono now = { .us = 1 };

	(void)state;
	sizing_begin(&s, now, PATHS_SIZE_MAX);
	for (unsigned i = 0; i < 2; i++) {
		sizing_turn(&s, now, true);
		assert_int_equal(s.probes[1].size, SIZE_CONTROL);
		assert_int_equal(play_round(&s, &now, 2), 2);
		assert_int_equal(s.tries, 1);
		assert_int_equal(s.probes[1].size, PATHS_SIZE_MIN);
		assert_int_equal(play_round(&s, &now, 0), 2);
		assert_int_equal(s.tries, 0);
		assert_int_equal(s.state, SIZING_RESTS);
		assert_int_equal(sizing_deadline(&s, true).us, mono_add_ms(now, SIZE_AGAIN_MS).us);
		now = sizing_deadline(&s, true);
	}
	sizing_turn(&s, now, true);
	(void)play_round(&s, &now, 0); /* a third: it is not that urgent */
	assert_int_equal(sizing_deadline(&s, true).us, mono_add_ms(now, SIZE_CONFIRM_MS).us);
	assert_int_equal(s.size, PATHS_SIZE_MAX);
}

static void begin_search(struct sizing *s, struct mono *now)
{
	*now = (struct mono){ .us = 1 };
	sizing_begin(s, *now, PATHS_SIZE_MAX);
	sizing_turn(s, *now, true);
	for (unsigned i = 0; i < SIZE_TRIES; i++)
		(void)play_round(s, now, 2);
	assert_int_equal(s->state, SIZING_SEARCHES);
	assert_int_equal(s->count, SIZE_PROBES_MAX);
	assert_int_equal(s->probes[0].size, PATHS_SIZE_MAX);
	assert_int_equal(s->probes[SIZE_PROBES_MAX - 1].size, PATHS_SIZE_MIN);
}

/* Of six: the suspect, four rungs, the control. */
static void holes_are_loss(void **state)
{
	static const struct {
		unsigned answered;
		unsigned low, high; /* probes whose sizes that becomes */
	} rounds[] = {
		{ 0x38, 3, 2 }, { 0x20, 5, 4 }, { 0x3e, 1, 0 }, /* as of a narrow line */
		{ 0x28, 3, 0 }, { 0x34, 2, 0 }, { 0x22, 1, 0 }, /* a smaller one is lost */
		{ 0x18, 3, 0 }, { 0x1e, 1, 0 }, { 0x00, 5, 0 }, /* the control is */
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
		struct size_probe asked[SIZE_PROBES_MAX];
		struct mono now;
		struct sizing s;

		begin_search(&s, &now);
		memcpy(asked, s.probes, sizeof(asked));
		(void)play_round(&s, &now, rounds[i].answered);
		assert_int_equal(s.state, SIZING_SEARCHES);
		assert_int_equal(s.low, asked[rounds[i].low].size);
		assert_int_equal(s.high, asked[rounds[i].high].size);
	}
}

static void the_suspect_ends_each_round(void **state)
{
	(void)state;
	for (unsigned after = 0; after < 3; after++) {
		struct mono now;
		struct sizing s;

		begin_search(&s, &now);
		for (unsigned i = 0; i < after; i++)
			(void)play_round(&s, &now, carried(&s, 1200));
		(void)play_round(&s, &now, 1);
		assert_int_equal(s.state, SIZING_RESTS);
		assert_int_equal(s.size, PATHS_SIZE_MAX);
	}
}

/* Nothing at all is answered: that is no answer to this question. */
static void silence_is_not_narrow(void **state)
{
	struct sizing s;
	struct mono now = { .us = 1 };
	unsigned probes = 0;

	(void)state;
	sizing_begin(&s, now, 1300);
	for (unsigned ms = 0; ms < 60000; ms++) {
		now = mono_add_ms(now, 1);
		sizing_turn(&s, now, true);
		while (sizing_probe(&s, now, 400000) != NULL)
			s.probes[s.sent - 1].token = ++probes;
	}
	assert_int_equal(s.size, 1300);
	assert_in_range(probes, 12, 20);
}

/* A search of which nothing is answered ends, and changes nothing. */
static void a_search_without_controls_ends(void **state)
{
	struct sizing s;
	struct mono now;
	unsigned rounds = 0;

	(void)state;
	begin_search(&s, &now);
	for (; s.state == SIZING_SEARCHES; rounds++)
		assert_int_equal(play_round(&s, &now, 0), SIZE_PROBES_MAX);
	assert_int_equal(rounds, SIZE_ROUNDS_MAX);
	assert_int_equal(s.size, PATHS_SIZE_MAX);
	assert_int_equal(sizing_deadline(&s, true).us, mono_add_ms(now, SIZE_CONFIRM_MS).us);
	assert_int_equal(sizing_deadline(&s, false).us, MONO_NEVER.us);
}

/* -- later ----------------------------------------------------------------------------------- */

static void a_line_that_gets_narrower_is_noticed(void **state)
{
	struct lone *f = *state;

	start(f);
	talk(f, 5000);
	lone_carries(f, direct_way(), 1212);
	talk(f, SIZE_CONFIRM_MS + FOUND_MS - 5000);
	assert_int_equal(paths_size(&f->paths), 1212);
	lone_carries(f, direct_way(), 1200);
	talk(f, SIZE_CONFIRM_MS + FOUND_MS);
	assert_int_equal(paths_size(&f->paths), 1200);
}

static void after_ten_minutes_more_is_tried(void **state)
{
	struct lone *f = *state;

	start(f);
	lone_carries(f, direct_way(), 1212);
	while (f->sizes_told == 0) {
		say_ip(f);
		lone_run(f, 1);
	}
	lone_carries(f, direct_way(), 1300);
	talk(f, SIZE_RAISE_MS - 1);
	assert_int_equal(paths_size(&f->paths), 1212);
	assert_int_equal(f->paths.sizing.state, SIZING_RESTS);
	say_ip(f);
	lone_run(f, 1);
	assert_int_equal(f->paths.sizing.state, SIZING_SEARCHES);
	talk(f, FOUND_MS);
	assert_int_equal(paths_size(&f->paths), 1300);
	talk(f, SIZE_RAISE_MS + FOUND_MS); /* in vain */
	assert_int_equal(paths_size(&f->paths), 1300);
	assert_int_equal(f->sizes_told, 2);
}

static void each_way_has_a_size_of_its_own(void **state)
{
	const struct way direct = direct_way();
	const struct way relay = way_relay(3, 5);
	struct lone *f = *state;

	start(f);
	lone_carries(f, direct_way(), 1212);
	talk(f, FOUND_MS);
	lone_works(f, relay, RTT_MS);
	assert_int_equal(paths_add_relay(&f->paths, f->now, &relay), 0);
	talk(f, 1000);
	lone_works_no_more(f, direct_way());
	f->traffic.ip_sent = f->now;
	lone_run(f, 2000);
	assert_true(lone_uses(f, relay));
	assert_int_equal(paths_size(&f->paths), PATHS_SIZE_MAX);
	lone_works(f, direct_way(), RTT_MS);
	lone_carries(f, direct_way(), 1212);
	paths_came(&f->paths, f->now, &direct);
	talk(f, RTT_MS);
	assert_true(lone_uses(f, direct_way()));
	assert_int_equal(paths_size(&f->paths), 1212); /* as before */
	f->sizes_told = 0;
	paths_host_changed(&f->paths, f->now);
	lone_run(f, 0);
	assert_int_equal(f->sizes_told, 1);
	assert_int_equal(paths_size(&f->paths), PATHS_SIZE_MAX);
}

/* Who has our old address now gets nothing large. */
static void a_way_that_is_given_up_is_not_asked(void **state)
{
	struct lone *f = *state;

	start(f);
	talk(f, 1000);
	lone_works_no_more(f, direct_way());
	while (paths_used(&f->paths)->state != TRIAL_RESTING && !f->paths.is_dead) {
		f->traffic.ip_sent = f->now;
		lone_run(f, 100);
	}
	(void)padded(f);
	for (unsigned i = 0; i < 100; i++) {
		f->traffic.ip_sent = f->now;
		lone_run(f, 1000);
	}
	assert_int_equal(padded(f), 0);
}

/* -- answers --------------------------------------------------------------------------------- */

static void only_the_token_by_the_way_in_use_counts_and_once(void **state)
{
	const struct way direct = direct_way();
	const struct way other = lone_direct("203.0.113.2:1000");
	struct lone *f = *state;
	uint64_t token = 0;

	start(f);
	lone_works_no_more(f, direct_way());
	f->count = 0;
	say_ip(f);
	lone_run(f, 0);
	for (unsigned i = 0; i < f->count; i++)
		if (f->sights[i].output.size == PATHS_SIZE_MAX)
			token = f->sights[i].output.token;
	assert_int_equal(token & 1, 1); /* by the way in use */
	assert_int_equal(paths_answered(&f->paths, f->now, token ^ 2, &direct), ERR_STALE);
	assert_int_equal(paths_answered(&f->paths, f->now, token, &other), ERR_STALE);
	assert_int_equal(paths_answered(&f->paths, f->now, token, &direct), 0);
	assert_int_equal(paths_answered(&f->paths, f->now, token, &direct), ERR_STALE);
}

static void an_answer_counts_until_the_verdict(void **state)
{
	const uint64_t patience_us = 1000000 + SIZE_PATIENCE_MS * UINT64_C(1000);

	for (unsigned late = 0; late < 2; late++) {
		struct sizing s;
		struct mono now = { .us = 1 };

		sizing_begin(&s, now, PATHS_SIZE_MAX);
		sizing_turn(&s, now, true);
		sizing_probe(&s, now, 1000000)->token = 3;
		sizing_probe(&s, now, 1000000)->token = 5;
		assert_null(sizing_probe(&s, now, 1000000));
		assert_int_equal(sizing_deadline(&s, true).us, now.us + patience_us);
		now = mono_add_us(now, patience_us - 1);
		assert_true(sizing_answered(&s, now, 5));
		assert_int_equal(sizing_deadline(&s, true).us, now.us + 1); /* not put off */
		now = mono_add_us(now, late);
		assert_int_equal(sizing_answered(&s, now, 3), late == 0);
		sizing_turn(&s, now, true);
		assert_int_equal(s.state, late == 0 ? SIZING_RESTS : SIZING_CONFIRMS);
		assert_int_equal(s.tries, late);
	}
	(void)state;
}

#define SIZE_TEST(name) cmocka_unit_test_setup_teardown(name, lone_set_up, lone_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIZE_TEST(without_ip_nothing_is_asked),
		SIZE_TEST(when_ip_begins_the_full_size_is_asked_and_then_confirmed),
		SIZE_TEST(the_ring_is_not_asked),
		cmocka_unit_test_teardown(the_size_is_found_to_the_byte, lone_tear_down),
		SIZE_TEST(less_than_the_least_is_not_looked_for),
		cmocka_unit_test(the_whole_range_is_found),
		cmocka_unit_test_teardown(it_takes_three_in_vain, lone_tear_down),
		SIZE_TEST(chance_does_not_lower),
		cmocka_unit_test(without_a_control_the_count_begins_anew),
		cmocka_unit_test(holes_are_loss),
		cmocka_unit_test(the_suspect_ends_each_round),
		cmocka_unit_test(silence_is_not_narrow),
		cmocka_unit_test(a_search_without_controls_ends),
		SIZE_TEST(a_line_that_gets_narrower_is_noticed),
		SIZE_TEST(after_ten_minutes_more_is_tried),
		SIZE_TEST(each_way_has_a_size_of_its_own),
		SIZE_TEST(a_way_that_is_given_up_is_not_asked),
		SIZE_TEST(only_the_token_by_the_way_in_use_counts_and_once),
		cmocka_unit_test(an_answer_counts_until_the_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
