/* test_egress.c - links share by bytes, control goes first, the longest link gives, and the bound
 * holds. The last test compares every step with a model that searches where the egress does not. */
#include "base/err.h"
#include "forward/egress.h"
#include "tests/lib/cmocka.h"
#include "tests/lib/death.h"

#include <string.h>

#define SLOTS 256
#define TURN (EGRESS_TURN_BYTES / EGRESS_SLOT_BYTES) /* of the largest datagrams */

static const struct mono now = { .us = 1 };

static struct egress *new_egress(uint64_t seed)
{
	struct egress *egress = NULL;
	struct rng rng;

	rng_init_seed(&rng, seed);
	assert_int_equal(egress_new(&rng, SLOTS, &egress), 0);
	return egress;
}

/* Queues a datagram of `len` bytes that all hold `mark`; false if it was refused. */
static bool queue(struct egress *egress, uint32_t link, enum egress_class class, size_t len,
		  uint8_t mark)
{
	const struct egress_datagram like = { .link = link, .class = class };
	struct egress_datagram *datagram = egress_reserve(egress, &like);

	if (datagram == NULL)
		return false;
	memset(datagram->data, mark, len);
	egress_commit(egress, datagram, len);
	return true;
}

static void fill(struct egress *egress, uint32_t link, enum egress_class class, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		assert_true(queue(egress, link, class, 100, (uint8_t)i));
}

/* Sends one: its link, or 0 if nothing waits. */
static uint32_t send_one(struct egress *egress, struct egress_datagram *ret)
{
	struct egress_datagram *datagram = egress_next(egress, now);

	*ret = (struct egress_datagram){ 0 };
	if (datagram != NULL) {
		*ret = *datagram;
		egress_done(egress, datagram);
	}
	return ret->link;
}

/* Sends all; how many were of `link` and class. */
static unsigned drain(struct egress *egress, uint32_t link, enum egress_class class)
{
	struct egress_datagram sent;
	unsigned count = 0;

	while (send_one(egress, &sent) != 0)
		count += sent.link == link && sent.class == class;
	return count;
}

static void what_goes_in_comes_out(void **state)
{
	struct egress *egress = new_egress(1);
	const struct egress_datagram like = {
		.link = 7,
		.class = EGRESS_CONTROL,
		.local = endpoint_v4((const uint8_t[]){ 192, 0, 2, 1 }, 1),
		.remote = endpoint_v4((const uint8_t[]){ 192, 0, 2, 2 }, 2),
		.ttl = 3,
		.ecn = 2,
	};
	struct egress_datagram *datagram;

	(void)state;
	assert_null(egress_next(egress, now));
	datagram = egress_reserve(egress, &like);
	assert_non_null(datagram);
	assert_null(egress_next(egress, now)); /* not before it is committed */
	memset(datagram->data, 0x5a, EGRESS_SLOT_BYTES);
	egress_commit(egress, datagram, EGRESS_SLOT_BYTES);
	datagram = egress_next(egress, now);
	assert_non_null(datagram);
	assert_int_equal(datagram->link, 7);
	assert_int_equal(datagram->class, EGRESS_CONTROL);
	assert_true(endpoint_equal(&datagram->local, &like.local));
	assert_true(endpoint_equal(&datagram->remote, &like.remote));
	assert_int_equal(datagram->ttl, 3);
	assert_int_equal(datagram->ecn, 2);
	assert_int_equal(datagram->len, EGRESS_SLOT_BYTES);
	assert_int_equal(datagram->data[EGRESS_SLOT_BYTES - 1], 0x5a);
	assert_null(egress_next(egress, now)); /* it is taken */
	egress_done(egress, datagram);
	assert_int_equal(egress_deadline(egress).us, MONO_NEVER.us);
	egress_del(egress);
	egress_del(NULL);
}

static void one_link_is_a_queue(void **state)
{
	struct egress *egress = new_egress(1);
	struct egress_datagram sent;

	(void)state;
	for (uint8_t i = 0; i < 200; i++)
		assert_true(queue(egress, 1, EGRESS_DATA, i + (size_t)1, i));
	for (uint8_t i = 0; i < 200; i++) {
		assert_int_equal(send_one(egress, &sent), 1);
		assert_int_equal(sent.data[0], i);
		assert_int_equal(sent.len, 1 + i);
	}
	assert_int_equal(send_one(egress, &sent), 0);
	egress_del(egress);
}

static void control_of_a_link_goes_before_its_data(void **state)
{
	struct egress *egress = new_egress(1);
	struct egress_datagram sent;

	(void)state;
	assert_true(queue(egress, 1, EGRESS_DATA, 100, 'a'));
	assert_true(queue(egress, 1, EGRESS_DATA, 100, 'b'));
	assert_true(queue(egress, 1, EGRESS_CONTROL, 100, 'c'));
	assert_true(queue(egress, 1, EGRESS_CONTROL, 100, 'd'));
	for (const char *want = "cdab"; *want != '\0'; want++) {
		assert_int_equal(send_one(egress, &sent), 1);
		assert_int_equal(sent.data[0], *want);
	}
	egress_del(egress);
}

/* Keeps every link backlogged while 20,000 datagrams go out: the bytes of two links never differ by
 * more than a quantum and a datagram, whatever the sizes (Shreedhar and Varghese 1995, 3.2). */
static void links_share_by_bytes(void **state)
{
	static const size_t sizes[] = { 0, 60, 1400, 1400, 700, EGRESS_SLOT_BYTES };
	struct egress *egress = new_egress(1);
	uint64_t sent_bytes[6] = { 0 };

	(void)state;
	for (unsigned round = 0; round < 10; round++)
		for (uint32_t link = 1; link <= 5; link++)
			assert_true(queue(egress, link, EGRESS_DATA, sizes[link], 0));
	for (unsigned i = 0; i < 20000; i++) {
		struct egress_datagram sent;
		uint64_t least = UINT64_MAX;
		uint64_t most = 0;

		assert_int_not_equal(send_one(egress, &sent), 0);
		sent_bytes[sent.link] += sent.len;
		assert_true(queue(egress, sent.link, EGRESS_DATA, sizes[sent.link], 0));
		for (uint32_t link = 1; link <= 5; link++) {
			least = sent_bytes[link] < least ? sent_bytes[link] : least;
			most = sent_bytes[link] > most ? sent_bytes[link] : most;
		}
		assert_true(most - least <= EGRESS_TURN_BYTES + EGRESS_SLOT_BYTES);
	}
	egress_del(egress);
}

static void a_keepalive_waits_for_one_round_of_a_bulk_link(void **state)
{
	struct egress *egress = new_egress(1);
	struct egress_datagram sent;
	size_t before = 0;

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		assert_true(queue(egress, 1, EGRESS_DATA, 1400, 0));
	assert_int_equal(send_one(egress, &sent), 1);
	assert_true(queue(egress, 2, EGRESS_CONTROL, 64, 0));
	while (send_one(egress, &sent) == 1)
		before += sent.len;
	assert_int_equal(sent.link, 2);
	assert_true(before <= EGRESS_TURN_BYTES);
	egress_del(egress);
}

static void the_longest_link_is_refused_when_full(void **state)
{
	struct egress *egress = new_egress(1);

	(void)state;
	assert_int_equal(egress_room(egress), SLOTS);
	fill(egress, 1, EGRESS_DATA, SLOTS);
	assert_int_equal(egress_room(egress), 0);
	assert_false(queue(egress, 1, EGRESS_DATA, 100, 0));
	assert_int_equal(egress_counters(egress).queued, SLOTS);
	assert_int_equal(egress_counters(egress).refused, 1);
	assert_int_equal(egress_counters(egress).displaced, 0);
	assert_int_equal(drain(egress, 1, EGRESS_DATA), SLOTS);
	assert_int_equal(egress_counters(egress).sent, SLOTS);
	assert_int_equal(egress_room(egress), SLOTS);
	egress_del(egress);
}

static void another_link_displaces_the_newest_data_of_the_longest(void **state)
{
	struct egress *egress = new_egress(1);
	struct egress_datagram sent;
	uint8_t expected = 0;

	(void)state;
	fill(egress, 1, EGRESS_DATA, SLOTS - 1);
	assert_true(queue(egress, 1, EGRESS_CONTROL, 100, 77));
	assert_true(queue(egress, 2, EGRESS_DATA, 100, 0));
	assert_int_equal(egress_counters(egress).displaced, 1);
	while (send_one(egress, &sent) != 0) {
		if (sent.link == 2)
			continue;
		if (sent.class == EGRESS_CONTROL) {
			assert_int_equal(sent.data[0], 77); /* control stayed */
			continue;
		}
		assert_int_equal(sent.data[0], expected++);
	}
	assert_int_equal(expected, SLOTS - 2); /* the newest is missing */
	egress_del(egress);
}

static void links_of_equal_length_keep_what_they_have(void **state)
{
	struct egress *egress = new_egress(1);

	(void)state;
	fill(egress, 1, EGRESS_DATA, SLOTS / 2);
	fill(egress, 2, EGRESS_DATA, SLOTS / 2);
	assert_false(queue(egress, 1, EGRESS_DATA, 100, 0));
	assert_false(queue(egress, 2, EGRESS_DATA, 100, 0));
	assert_true(queue(egress, 3, EGRESS_DATA, 100, 0));
	assert_int_equal(drain(egress, 3, EGRESS_DATA), 1);
	egress_del(egress);
}

static void control_of_the_longest_displaces_its_own_data(void **state)
{
	struct egress *egress = new_egress(1);

	(void)state;
	fill(egress, 1, EGRESS_DATA, SLOTS);
	for (unsigned i = 0; i < SLOTS; i++)
		assert_true(queue(egress, 1, EGRESS_CONTROL, 100, 0));
	assert_false(queue(egress, 1, EGRESS_CONTROL, 100, 0)); /* no data left */
	assert_true(queue(egress, 2, EGRESS_DATA, 100, 0));     /* it gives control then */
	assert_int_equal(egress_counters(egress).displaced, SLOTS + 1);
	assert_int_equal(drain(egress, 1, EGRESS_CONTROL), SLOTS - 1);
	egress_del(egress);
}

/* Of two that are equally long, the one that asks gives for itself. */
static void control_displaces_its_own_data_and_no_others(void **state)
{
	struct egress *egress = new_egress(1);

	(void)state;
	fill(egress, 1, EGRESS_DATA, SLOTS / 2);
	fill(egress, 2, EGRESS_DATA, SLOTS / 2);
	assert_true(queue(egress, 1, EGRESS_CONTROL, 100, 0));
	assert_true(queue(egress, 2, EGRESS_CONTROL, 100, 0));
	assert_int_equal(drain(egress, 1, EGRESS_DATA), SLOTS / 2 - 1);
	fill(egress, 1, EGRESS_DATA, SLOTS / 2);
	fill(egress, 2, EGRESS_DATA, SLOTS / 2);
	assert_true(queue(egress, 2, EGRESS_CONTROL, 100, 0));
	assert_int_equal(drain(egress, 2, EGRESS_DATA), SLOTS / 2 - 1);
	egress_del(egress);
}

/* What was returned stands in its list like any other, from both ends. */
static void what_was_returned_can_be_displaced(void **state)
{
	struct egress *egress = new_egress(1);
	struct egress_datagram sent;

	(void)state;
	assert_true(queue(egress, 1, EGRESS_DATA, 100, 'a'));
	assert_true(queue(egress, 1, EGRESS_DATA, 100, 'b'));
	egress_return(egress, egress_next(egress, now));
	fill(egress, 1, EGRESS_CONTROL, SLOTS - 2);
	assert_true(queue(egress, 2, EGRESS_CONTROL, 100, 0)); /* in the place of b */
	do
		assert_int_not_equal(send_one(egress, &sent), 0);
	while (sent.class == EGRESS_CONTROL);
	assert_int_equal(sent.data[0], 'a');
	egress_del(egress);
}

static void links_may_come_and_go(void **state)
{
	struct egress *egress = new_egress(1);
	struct egress_datagram sent;

	(void)state;
	for (uint32_t link = 1; link < 4 * SLOTS; link++) {
		assert_true(queue(egress, link, EGRESS_DATA, 100, 0));
		assert_int_equal(send_one(egress, &sent), link);
	}
	for (uint32_t link = 1; link <= SLOTS; link++) /* and all be there at once */
		assert_true(queue(egress, link, EGRESS_DATA, 100, 0));
	for (uint32_t link = 1; link <= SLOTS; link++)
		assert_int_equal(send_one(egress, &sent), link);
	egress_del(egress);
}

static void what_is_reserved_or_taken_is_never_displaced(void **state)
{
	const struct egress_datagram like = { .link = 1, .class = EGRESS_DATA };
	struct egress *egress = new_egress(1);
	struct egress_datagram *held[SLOTS];

	(void)state;
	for (unsigned i = 0; i < SLOTS; i++) {
		held[i] = egress_reserve(egress, &like);
		assert_non_null(held[i]);
	}
	assert_false(queue(egress, 2, EGRESS_CONTROL, 100, 0));
	egress_cancel(egress, held[0]);
	assert_int_equal(egress_room(egress), 1);
	assert_true(queue(egress, 1, EGRESS_DATA, 100, 0));
	for (unsigned i = 1; i < SLOTS; i++)
		egress_commit(egress, held[i], 100);
	for (unsigned i = 0; i < SLOTS; i++) {
		held[i] = egress_next(egress, now);
		assert_non_null(held[i]);
	}
	assert_false(queue(egress, 2, EGRESS_CONTROL, 100, 0));
	for (unsigned i = 0; i < SLOTS; i++)
		egress_done(egress, held[i]);
	assert_int_equal(egress_room(egress), SLOTS);
	egress_del(egress);
}

static void what_is_returned_goes_next_in_the_same_order(void **state)
{
	struct egress *egress = new_egress(1);
	struct egress_datagram *taken[3];
	struct egress_datagram sent;

	(void)state;
	for (unsigned i = 0; i < TURN + 2; i++)
		assert_true(queue(egress, 1, EGRESS_DATA, EGRESS_SLOT_BYTES, (uint8_t)i));
	assert_true(queue(egress, 2, EGRESS_DATA, 600, 0));
	for (unsigned i = 0; i < 3; i++)
		taken[i] = egress_next(egress, now);
	for (unsigned i = 3; i-- > 0;)
		egress_return(egress, taken[i]);
	for (unsigned i = 0; i < TURN; i++) {
		assert_int_equal(send_one(egress, &sent), 1);
		assert_int_equal(sent.data[0], i);
	}
	assert_int_equal(send_one(egress, &sent), 2);
	egress_del(egress);
}

static void a_link_whose_last_is_returned_still_has_the_turn(void **state)
{
	struct egress *egress = new_egress(1);
	struct egress_datagram *taken;
	struct egress_datagram sent;

	(void)state;
	assert_true(queue(egress, 1, EGRESS_DATA, 1400, 0));
	assert_true(queue(egress, 2, EGRESS_DATA, 1400, 0));
	taken = egress_next(egress, now);
	assert_int_equal(taken->link, 1);
	egress_return(egress, taken);
	assert_true(queue(egress, 1, EGRESS_DATA, 1400, 0)); /* what came back is all of its turn */
	assert_int_equal(send_one(egress, &sent), 1);
	assert_int_equal(send_one(egress, &sent), 2);
	assert_int_equal(send_one(egress, &sent), 1);
	assert_int_equal(send_one(egress, &sent), 0);
	egress_del(egress);
}

/* A datagram that has come at that time. */
static void queue_at(struct egress *egress, struct mono since, enum egress_class class, uint8_t ecn)
{
	const struct egress_datagram like = {
		.link = 1, .class = class, .ecn = ecn, .since = since
	};
	struct egress_datagram *datagram = egress_reserve(egress, &like);

	assert_non_null(datagram);
	egress_commit(egress, datagram, 1000);
}

/* A line that takes one a millisecond, and `backlog` that always wait: how many of 1,000 are sent,
 * and how many of them marked. */
static struct egress_counters run_slowly(unsigned backlog, enum egress_class class, uint8_t ecn,
					 bool dated)
{
	struct egress *egress = new_egress(1);
	struct egress_counters counters;
	struct egress_datagram sent;

	for (uint64_t ms = 1; ms <= 1000 + backlog; ms++) {
		struct mono at = { .us = ms * 1000 };
		struct egress_datagram *datagram;

		queue_at(egress, dated ? at : (struct mono){ 0 }, class, ecn);
		if (ms <= backlog)
			continue;
		datagram = egress_next(egress, at);
		if (datagram != NULL) {
			sent = *datagram;
			assert_true(sent.ecn == ecn || sent.ecn == 3);
			egress_done(egress, datagram);
		}
	}
	counters = egress_counters(egress);
	egress_del(egress);
	return counters;
}

/* RFC 8289: nothing at 4 ms; at 20 ms, after 100 ms, one, then at intervals that shrink until what
 * waits is below the target again. */
static void what_always_waits_is_thinned_out(void **state)
{
	struct egress_counters counters;

	(void)state;
	counters = run_slowly(4, EGRESS_DATA, 0, true);
	assert_int_equal(counters.late, 0);
	counters = run_slowly(20, EGRESS_DATA, 0, true);
	assert_in_range(counters.late, 15, 17);          /* down to the target, and no further */
	counters = run_slowly(20, EGRESS_DATA, 2, true); /* marks do not shorten this queue */
	assert_int_equal(counters.late, 0);
	assert_in_range(counters.marked, 20, 60);
	counters = run_slowly(20, EGRESS_CONTROL, 0, true);
	assert_int_equal(counters.late, 0);
	counters = run_slowly(20, EGRESS_DATA, 0, false);
	assert_int_equal(counters.late, 0);
}

/* Each leaves the egress with a datagram in the state that its name says, then misuses it. */
static const struct egress_datagram datagram_like = { .link = 1, .class = EGRESS_DATA };

static void commit_twice(void)
{
	struct egress *egress = new_egress(1);
	struct egress_datagram *datagram = egress_reserve(egress, &datagram_like);

	egress_commit(egress, datagram, 1);
	egress_commit(egress, datagram, 1);
}

static void cancel_twice(void)
{
	struct egress *egress = new_egress(1);
	struct egress_datagram *datagram = egress_reserve(egress, &datagram_like);

	egress_cancel(egress, datagram);
	egress_cancel(egress, datagram);
}

static void return_twice(void)
{
	struct egress *egress = new_egress(1);
	struct egress_datagram *datagram = egress_reserve(egress, &datagram_like);

	egress_commit(egress, datagram, 1);
	datagram = egress_next(egress, now);
	egress_return(egress, datagram);
	egress_return(egress, datagram);
}

static void done_but_not_taken(void)
{
	struct egress *egress = new_egress(1);
	struct egress_datagram *datagram = egress_reserve(egress, &datagram_like);

	egress_commit(egress, datagram, 1);
	egress_done(egress, datagram);
}

static void commit_nothing(void)
{
	struct egress *egress = new_egress(1);

	egress_commit(egress, egress_reserve(egress, &datagram_like), 0);
}

static void commit_more_than_the_room(void)
{
	struct egress *egress = new_egress(1);

	egress_commit(egress, egress_reserve(egress, &datagram_like), EGRESS_SLOT_BYTES + 1);
}

static void misuse_is_noticed(void **state)
{
	static void (*const acts[])(void) = {
		commit_twice,       cancel_twice,   return_twice,
		done_but_not_taken, commit_nothing, commit_more_than_the_room,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		assert_non_null(death_text(acts[i]));
}

#define MODEL_LINKS 9
#define MODEL_STEPS 100000

/* The model: every waiting datagram as a number that counts up, in order, by link and class. */
struct model {
	uint32_t numbers[MODEL_LINKS][EGRESS_CLASSES][SLOTS];
	unsigned counts[MODEL_LINKS][EGRESS_CLASSES];
	unsigned total;
};

static unsigned model_length(const struct model *model, uint32_t link)
{
	return model->counts[link][EGRESS_CONTROL] + model->counts[link][EGRESS_DATA];
}

static unsigned model_longest(const struct model *model)
{
	unsigned longest = 0;

	for (uint32_t link = 0; link < MODEL_LINKS; link++)
		if (model_length(model, link) > longest)
			longest = model_length(model, link);
	return longest;
}

/* True if a datagram of that link and class must be accepted. */
static bool model_accepts(const struct model *model, uint32_t link, enum egress_class class)
{
	if (model->total < SLOTS || model_length(model, link) < model_longest(model))
		return true;
	return class == EGRESS_CONTROL && model->counts[link][EGRESS_DATA] > 0;
}

/* What the egress sent is the oldest of its link, control before data; what it displaced before
 * leaves holes at the new end only. */
static void model_send(struct model *model, const struct egress_datagram *sent)
{
	uint32_t *numbers = model->numbers[sent->link][sent->class];
	unsigned *count = &model->counts[sent->link][sent->class];
	uint32_t number;

	memcpy(&number, sent->data, sizeof(number));
	assert_true(*count > 0);
	assert_int_equal(number, numbers[0]);
	if (sent->class == EGRESS_DATA)
		assert_int_equal(model->counts[sent->link][EGRESS_CONTROL], 0);
	memmove(numbers, numbers + 1, --*count * sizeof(numbers[0]));
	model->total--;
}

static void model_queue(struct model *model, struct egress *egress, uint32_t link,
			enum egress_class class, uint32_t number)
{
	const struct egress_datagram like = { .link = link, .class = class };
	const bool accepted = model_accepts(model, link, class);
	const bool own = model_length(model, link) == model_longest(model);
	struct egress_datagram *datagram = egress_reserve(egress, &like);

	assert_int_equal(datagram != NULL, accepted);
	if (datagram == NULL)
		return;
	if (model->total == SLOTS) {
		uint32_t victim = link;

		for (uint32_t i = 0; !own && i < MODEL_LINKS; i++)
			if (model_length(model, i) == model_longest(model))
				victim = i;
		model->counts[victim][model->counts[victim][EGRESS_DATA] > 0 ? EGRESS_DATA
									     : EGRESS_CONTROL]--;
		model->total--;
	}
	memcpy(datagram->data, &number, sizeof(number));
	egress_commit(egress, datagram, 60 + number % 1400);
	model->numbers[link][class][model->counts[link][class]++] = number;
	model->total++;
}

/* Which of several longest links gives is not promised; the model is asked when there is one. */
static bool model_has_one_longest(const struct model *model)
{
	unsigned count = 0;

	for (uint32_t link = 0; link < MODEL_LINKS; link++)
		count += model_length(model, link) == model_longest(model);
	return count == 1;
}

static void every_step_agrees_with_the_model(void **state)
{
	static struct model model;

	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct egress *egress = new_egress(seed);
		struct rng rng;

		rng_init_seed(&rng, seed);
		memset(&model, 0, sizeof(model));
		for (uint32_t step = 0; step < MODEL_STEPS; step++) {
			const uint32_t link = (uint32_t)rng_between(&rng, 0, MODEL_LINKS - 1);
			const bool control = rng_chance(&rng, 200);
			struct egress_datagram *datagram;

			if (rng_chance(&rng, 600) &&
			    (model.total < SLOTS || model_has_one_longest(&model))) {
				model_queue(&model, egress, link,
					    control ? EGRESS_CONTROL : EGRESS_DATA, step);
				continue;
			}
			datagram = egress_next(egress, now);
			assert_int_equal(datagram != NULL, model.total > 0);
			if (datagram == NULL)
				continue;
			if (rng_chance(&rng, 100)) {
				egress_return(egress, datagram);
				continue;
			}
			model_send(&model, datagram);
			egress_done(egress, datagram);
			assert_int_equal(egress_room(egress), SLOTS - model.total);
		}
		egress_del(egress);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(one_link_is_a_queue),
		cmocka_unit_test(control_of_a_link_goes_before_its_data),
		cmocka_unit_test(links_share_by_bytes),
		cmocka_unit_test(a_keepalive_waits_for_one_round_of_a_bulk_link),
		cmocka_unit_test(the_longest_link_is_refused_when_full),
		cmocka_unit_test(another_link_displaces_the_newest_data_of_the_longest),
		cmocka_unit_test(links_of_equal_length_keep_what_they_have),
		cmocka_unit_test(control_of_the_longest_displaces_its_own_data),
		cmocka_unit_test(control_displaces_its_own_data_and_no_others),
		cmocka_unit_test(what_was_returned_can_be_displaced),
		cmocka_unit_test(links_may_come_and_go),
		cmocka_unit_test(what_is_reserved_or_taken_is_never_displaced),
		cmocka_unit_test(what_is_returned_goes_next_in_the_same_order),
		cmocka_unit_test(a_link_whose_last_is_returned_still_has_the_turn),
		cmocka_unit_test(what_always_waits_is_thinned_out),
		cmocka_unit_test(misuse_is_noticed),
		cmocka_unit_test(every_step_agrees_with_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
