/* test_session_flood.c - whatever strangers send, memory and answers stay bounded, and who is
 * honest still gets in. Item 9 of the list of what can go wrong, and the limits of limits.h. */
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "session/cookie.h"
#include "tests/lib/allocations.h"
#include "tests/lib/forger.h"

#include <stdlib.h>

struct scene {
	struct party_group *group;
	struct party *a, *b, *c;
	struct forger forger; /* c: it has the secret, and all the addresses it wants */
	uint32_t m0_made;
};

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct party_pair *pair;

	assert_non_null(s);
	(void)party_pair_set_up((void **)&pair);
	s->group = pair->group;
	s->a = pair->a;
	s->b = pair->b;
	free(pair);
	s->c = party_new(s->group, 3);
	forger_init(&s->forger, s->group, s->c);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	forger_free(&s->forger);
	party_del(s->a);
	party_del(s->b);
	party_del(s->c);
	party_group_del(s->group);
	free(s);
	return 0;
}

/* An address of its own for each number: source and name. */
static struct carrier address_of(uint32_t number)
{
	struct carrier carrier = { .name = { 99, (uint8_t)(number >> 16), (uint8_t)(number >> 8),
					     (uint8_t)number } };

	memcpy(carrier.source, carrier.name, sizeof(carrier.source));
	return carrier;
}

/* Another M0 to b with a right mac1. One ephemeral key serves for all of them: another sender makes
 * another M0 of it, and that is what costs the forger least. */
static struct party_out next_m0(struct scene *s)
{
	struct party_out m0 = { .len = HANDSHAKE_M0_BYTES };

	if (s->m0_made == 0)
		(void)forger_m0(&s->forger, &s->b->certificate.id, &s->b->certificate.id);
	s->m0_made++;
	memcpy(m0.bytes, s->forger.bytes, m0.len);
	memcpy(m0.bytes + 4, &s->m0_made, sizeof(s->m0_made));
	forger_seal_m0(&s->forger, m0.bytes, &s->b->certificate.id);
	return m0;
}

static int send_m0(struct scene *s, struct now now, const struct carrier *from,
		   const struct party_out *m0)
{
	return party_receive(s->b, now, from, span_of(m0->bytes, m0->len));
}

/* Puts mac2 into an M0 with the cookie that b sent for it. */
static void use_cookie(const struct scene *s, struct party_out *m0, const struct party_out *answer)
{
	struct handshake_cookie cookie;
	uint8_t opened[HANDSHAKE_COOKIE_BYTES];

	assert_int_equal(handshake_cookie_decode(span_of(answer->bytes, answer->len), &cookie), 0);
	const struct cookie_seal seal = { .mac1_key = s->forger.mac1_key,
					  .mac1 = span_of(m0->bytes + 56, HANDSHAKE_MAC_BYTES),
					  .nonce = cookie.nonce };

	assert_int_equal(cookie_open(&seal, cookie.sealed, opened), 0);
	assert_int_equal(cookie_mac2(opened, span_of(m0->bytes, 72), m0->bytes + 72), 0);
}

static uint32_t half_open(const struct scene *s)
{
	return sessions_counters(s->b->sessions).half_open;
}

/* Fills b's table with handshakes from claimed addresses until it asks for cookies. */
static void load(struct scene *s, struct now now)
{
	for (uint32_t i = 0; half_open(s) < SESSION_HALF_OPEN_LOADED; i++) {
		const struct carrier from = address_of(i);
		const struct party_out m0 = next_m0(s);

		assert_int_equal(send_m0(s, now, &from, &m0), 0);
	}
	party_lose(s->b);
}

/* One half-open handshake from an address that is proven, in a loaded b. */
static int open_proven(struct scene *s, struct now now, const struct carrier *from)
{
	struct party_out m0 = next_m0(s);

	assert_int_equal(send_m0(s, now, from, &m0), ERR_AGAIN);
	use_cookie(s, &m0, party_next(s->b));
	const int err = send_m0(s, now, from, &m0);

	party_lose(s->b);
	return err;
}

/* -- strangers --------------------------------------------------------------------------------- */

/* A stranger's message to b: an M1 that answers nobody, or an M0 with a wrong mac1; one in a
 * hundred is by somebody who has the secret, and wrong behind its mac1. */
static struct party_out bogus_message(const struct scene *s, const struct party_out *m0, uint32_t i)
{
	struct party_out bogus = *m0;

	if (i % 100 == 50) {
		bogus.bytes[40 + i / 100 % HANDSHAKE_MAC_BYTES] ^= 1; /* its tag */
		forger_mend(&s->forger, bogus.bytes, bogus.len, span_of(NULL, 0));
	} else if (i % 2 == 0) {
		memcpy(bogus.bytes + 56, &i, sizeof(i)); /* mac1 */
	} else {
		bogus.len = HANDSHAKE_M1_BYTES;
		bogus.bytes[0] = DATAGRAM_M1;
		memcpy(bogus.bytes + 4, &i, sizeof(i)); /* receiver */
	}
	return bogus;
}

/* An IP packet from one to the other. */
static void send_packet(struct party *from, struct party *to)
{
	const uint64_t before = to->packets;

	assert_true(party_send(from, party_start, party_session(from), FRAME_IP));
	assert_int_equal(party_pass(from, to, party_start), 0);
	assert_int_equal(to->packets, before + 1);
}

/* 200,000 of them, while a and b talk, and then they still do. */
static void bogus_messages_leave_memory_flat_and_the_tunnel_alive(void **state)
{
	struct scene *s = *state;
	const struct party_out m0 = next_m0(s);
	struct entropy before;
	int64_t in_use = 0;

	party_connect(s->a, s->b, party_start);
	before = s->b->entropy;
	for (uint32_t i = 0; i < 200000; i++) {
		const struct party_out bogus = bogus_message(s, &m0, i);
		const struct carrier from = address_of(i);

		if (i == 100000) /* the limiter has all that it takes as sources come */
			in_use = allocations_live();
		assert_true(send_m0(s, party_start, &from, &bogus) < 0);
		assert_null(party_next(s->b));
		if (i % 1000 != 0)
			continue;
		send_packet(s->a, s->b);
		send_packet(s->b, s->a);
	}
	assert_int_equal(allocations_live(), in_use);
	assert_int_equal(half_open(s), 0);
	assert_int_equal(sessions_counters(s->b->sessions).sessions, 1);
	assert_int_equal(sessions_counters(s->b->sessions).m0_bad_mac1, 98000);
	assert_int_equal(sessions_counters(s->b->sessions).others_refused, 100000);
	assert_memory_equal(&before, &s->b->entropy, sizeof(before));
	send_packet(s->a, s->b);
	send_packet(s->b, s->a);
	assert_true(party_is_joined(s->a, s->b));
}

/* The secret leaked: 20,000 M0 with a right mac1, each from another address, in one second. */
static void right_messages_from_false_addresses_get_cookies(void **state)
{
	struct scene *s = *state;
	uint64_t in = 0;
	uint64_t out = 0;
	uint32_t cookies = 0;
	int64_t in_use = 0;

	for (uint32_t i = 0; i < 20000; i++) {
		const struct carrier from = address_of(i);
		const struct party_out m0 = next_m0(s);
		const struct party_out *answer;

		if (i == 1000)
			in_use = allocations_live();
		(void)send_m0(s, party_later_ms(i / 20), &from, &m0);
		in += m0.len;
		while ((answer = party_next(s->b)) != NULL) {
			out += answer->len;
			cookies += answer->bytes[0] == DATAGRAM_COOKIE;
			assert_memory_equal(answer->to.name, from.name, sizeof(from.name));
		}
		assert_true(out <= in);
		assert_in_range(half_open(s), 0, SESSION_HALF_OPEN_LOADED);
	}
	assert_int_equal(cookies, 20000 - SESSION_HALF_OPEN_LOADED);
	assert_int_equal(allocations_live(), in_use);
	assert_int_equal(sessions_counters(s->b->sessions).half_open_evicted, 0);

	/* a is told to prove itself, does, and is in: no time passes but that of the messages. */
	(void)party_dial(s->a, party_later_ms(1000), s->b);
	party_exchange(s->a, s->b, party_later_ms(1000));
	assert_true(party_is_joined(s->a, s->b));
	assert_int_equal(s->a->m0_sent, 2);
}

static void cookies_are_asked_for_from_128_on(void **state)
{
	struct scene *s = *state;
	const struct carrier from = address_of(7000);
	struct party_out m0;

	load(s, party_start);
	assert_int_equal(half_open(s), 128);
	m0 = next_m0(s);
	assert_int_equal(send_m0(s, party_start, &from, &m0), ERR_AGAIN);
	assert_int_equal(half_open(s), 128);
	use_cookie(s, &m0, party_next(s->b));
	assert_int_equal(send_m0(s, party_start, &from, &m0), 0);
	assert_int_equal(half_open(s), 129);
	assert_int_equal(party_next_type(s->b), DATAGRAM_M1);
	party_drain(s->b, party_later_ms(10000)); /* all are forgotten */
	assert_int_equal(half_open(s), 0);
}

static void a_cookie_is_good_from_its_own_address_only(void **state)
{
	struct scene *s = *state;
	const struct carrier from = address_of(7000);
	const struct carrier other = address_of(7001);
	struct party_out m0;

	load(s, party_start);
	m0 = next_m0(s);
	assert_int_equal(send_m0(s, party_start, &from, &m0), ERR_AGAIN);
	use_cookie(s, &m0, party_next(s->b));
	assert_int_equal(send_m0(s, party_start, &other, &m0), ERR_AGAIN);
	assert_int_equal(party_next_type(s->b), DATAGRAM_COOKIE);
	m0.bytes[80] ^= 1;
	assert_int_equal(send_m0(s, party_start, &from, &m0), ERR_AGAIN);
	m0.bytes[80] ^= 1;
	assert_int_equal(send_m0(s, party_start, &from, &m0), 0);
}

/* The initiator's side: a false cookie is no cookie, and takes nothing of a true one away. */
static void false_cookies_are_ignored(void **state)
{
	struct scene *s = *state;
	struct party_out cookie;

	load(s, party_start);
	(void)party_dial(s->a, party_start, s->b);
	(void)party_pass(s->a, s->b, party_start);
	cookie = *party_next(s->b);
	assert_int_equal(cookie.bytes[0], DATAGRAM_COOKIE);
	for (size_t bit = 8; bit < cookie.len * 8; bit++) {
		struct party_out harmed = cookie;

		harmed.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_true(party_receive(s->a, party_start, &s->b->address,
					  span_of(harmed.bytes, harmed.len)) < 0);
		assert_null(party_next(s->a));
	}
	assert_int_equal(
		party_receive(s->a, party_start, &s->b->address, span_of(cookie.bytes, cookie.len)),
		0);
	assert_int_equal(party_next_type(s->a), DATAGRAM_M0); /* at once */
	for (size_t bit = 8; bit < cookie.len * 8; bit += 3) {
		struct party_out harmed = cookie;

		harmed.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_true(party_receive(s->a, party_start, &s->b->address,
					  span_of(harmed.bytes, harmed.len)) < 0);
	}
	/* Once more, and it is not chased: the next M0 leaves in its own time. */
	assert_int_equal(
		party_receive(s->a, party_start, &s->b->address, span_of(cookie.bytes, cookie.len)),
		0);
	assert_null(party_next(s->a));
	party_run(s->a, 450);
	party_exchange(s->a, s->b, party_later_ms(450));
	assert_true(party_is_joined(s->a, s->b));
}

/* -- sources ----------------------------------------------------------------------------------- */

/* One address that is really somebody's: 20 a second, and others do not feel it. */
static void a_proven_source_starts_20_a_second(void **state)
{
	struct scene *s = *state;
	const struct carrier from = address_of(7000);
	unsigned started = 0;

	load(s, party_start);
	for (unsigned i = 0; i < 500; i++)
		started += open_proven(s, party_later_ms(0), &from) == 0;
	assert_int_equal(started, 20);
	for (unsigned i = 0; i < 500; i++)
		started += open_proven(s, party_later_ms(1000), &from) == 0;
	assert_int_equal(started, 40);
	assert_int_equal(sessions_counters(s->b->sessions).m0_rate_limited, 960);
	(void)party_dial(s->a, party_later_ms(1000), s->b);
	party_exchange(s->a, s->b, party_later_ms(1000));
	assert_true(party_is_joined(s->a, s->b));
}

static void a_proven_source_has_64_places(void **state)
{
	struct scene *s = *state;
	const struct carrier from = address_of(7000);
	unsigned started = 0;

	for (uint64_t ms = 0; ms <= 9000; ms += 100) {
		load(s, party_later_ms(ms)); /* those of 10 s ago went */
		started += open_proven(s, party_later_ms(ms), &from) == 0;
	}
	assert_int_equal(started, 64);
}

/* An address that is only claimed may be somebody's who knows nothing of this: where a proven one
 * would be refused it is asked for a cookie, so its owner can still come. */
static void a_claimed_source_is_asked_after_20(void **state)
{
	struct scene *s = *state;
	struct party_out m0;

	for (unsigned i = 0; i < 20; i++) {
		m0 = next_m0(s);
		assert_int_equal(send_m0(s, party_start, &s->a->address, &m0), 0);
	}
	m0 = next_m0(s);
	assert_int_equal(send_m0(s, party_start, &s->a->address, &m0), ERR_AGAIN);
	party_lose(s->b);
	(void)party_dial(s->a, party_start, s->b);
	party_exchange(s->a, s->b, party_start);
	assert_true(party_is_joined(s->a, s->b));
	assert_int_equal(s->a->m0_sent, 2);
}

static void a_claimed_source_is_asked_from_64_places_on(void **state)
{
	struct scene *s = *state;
	struct party_out m0;

	for (unsigned i = 0; i < 64; i++) {
		m0 = next_m0(s);
		assert_int_equal(send_m0(s, party_later_ms(i * UINT64_C(100)), &s->a->address, &m0),
				 0);
	}
	m0 = next_m0(s);
	assert_int_equal(send_m0(s, party_later_ms(6400), &s->a->address, &m0), ERR_AGAIN);
}

/* Over the overlay a link is known, but an M1 is longer than an M0. */
static struct party_out carried_m0(struct scene *s, uint32_t number)
{
	const struct target target = party_target(s->b);
	struct carrier link = s->b->address;
	struct handle session;
	struct party_out m0;

	link.carriage = HANDSHAKE_CARRIED;
	rng_init_seed(&s->a->rng, number);
	assert_int_equal(sessions_dial(s->a->sessions, party_start, &target, &link, &session), 0);
	party_drain(s->a, party_start);
	m0 = *party_next(s->a);
	sessions_close(s->a->sessions, party_start, session, FRAME_CLOSE_SHUTDOWN);
	party_drain(s->a, party_start);
	s->a->note_count = 0;
	return m0;
}

static void a_link_starts_20_a_second_and_has_16_places(void **state)
{
	struct scene *s = *state;
	struct carrier link = { .carriage = HANDSHAKE_CARRIED, .source = { 5 } };
	struct carrier other = { .carriage = HANDSHAKE_CARRIED, .source = { 6 } };
	struct party_out m0;
	unsigned started = 0;

	for (uint32_t i = 0; i < 100; i++) {
		m0 = carried_m0(s, i);
		started += send_m0(s, party_later_ms(i * UINT64_C(80)), &link, &m0) == 0;
	}
	assert_int_equal(started, SESSION_HALF_OPEN_PER_LINK);
	party_lose(s->b);
	m0 = carried_m0(s, 1000);
	assert_int_equal(send_m0(s, party_later_ms(8000), &other, &m0), 0);
	assert_int_equal(half_open(s), SESSION_HALF_OPEN_PER_LINK + 1);

	/* Each M1 sent again counts like a new one. */
	started = 0;
	for (uint32_t i = 0; i < 100; i++)
		started += send_m0(s, party_later_ms(8000), &other, &m0) == 0;
	assert_int_equal(started, 19);
}

/* -- the full table ---------------------------------------------------------------------------- */

/* Fills the table: 128 that nobody proved, then proven ones, each from its own address. */
static void fill(struct scene *s, struct now now)
{
	load(s, now);
	for (uint32_t i = 0; half_open(s) < SESSION_HALF_OPEN_MAX; i++) {
		const struct carrier from = address_of(10000 + i);

		assert_int_equal(open_proven(s, now, &from), 0);
	}
}

/* Item 9: a proven newcomer takes the place of one that proved nothing, as long as there is one. */
static void item_09_the_unproven_give_way(void **state)
{
	struct scene *s = *state;
	const struct party_out *m1;
	struct party_out m0;

	fill(s, party_start);
	/* a is among the proven ones that wait for their M2. */
	(void)party_dial(s->a, party_start, s->b);
	(void)party_pass(s->a, s->b, party_start);
	(void)party_pass(s->b, s->a, party_start);
	(void)party_pass(s->a, s->b, party_start);
	m1 = party_next(s->b);
	assert_non_null(m1);
	m0 = *m1;
	for (uint32_t i = 0; i < SESSION_HALF_OPEN_LOADED - 1; i++) {
		const struct carrier from = address_of(20000 + i);

		assert_int_equal(open_proven(s, party_start, &from), 0);
		assert_int_equal(half_open(s), SESSION_HALF_OPEN_MAX);
	}
	assert_int_equal(sessions_counters(s->b->sessions).half_open_evicted, 128);
	(void)party_receive(s->a, party_start, &s->b->address, span_of(m0.bytes, m0.len));
	party_exchange(s->a, s->b, party_start);
	assert_true(party_is_joined(s->a, s->b));
}

/* Item 9, when all are proven: a random one goes, so a flood hits mostly itself. */
static void item_09_among_the_proven_chance_decides(void **state)
{
	struct scene *s = *state;
	const struct party_out *m1;
	struct party_out kept;

	fill(s, party_start);
	for (uint32_t i = 0; i < SESSION_HALF_OPEN_LOADED - 1; i++) {
		const struct carrier from = address_of(20000 + i);

		assert_int_equal(open_proven(s, party_start, &from), 0);
	}
	(void)party_dial(s->a, party_start, s->b);
	(void)party_pass(s->a, s->b, party_start);
	(void)party_pass(s->b, s->a, party_start);
	(void)party_pass(s->a, s->b, party_start);
	m1 = party_next(s->b);
	kept = *m1;
	for (uint32_t i = 0; i < 20; i++) { /* 20 of 512: a is hit in 4 of 100 runs; this is one */
		const struct carrier from = address_of(30000 + i);

		assert_int_equal(open_proven(s, party_start, &from), 0);
		assert_int_equal(half_open(s), SESSION_HALF_OPEN_MAX);
	}
	(void)party_receive(s->a, party_start, &s->b->address, span_of(kept.bytes, kept.len));
	party_exchange(s->a, s->b, party_start);
	assert_true(party_is_joined(s->a, s->b));
}

/* -- answers that wait --------------------------------------------------------------------------
 */

static void sixteen_answers_wait_and_the_newest_is_dropped(void **state)
{
	struct scene *s = *state;
	struct session_output output;
	unsigned count = 0;

	load(s, party_start);
	for (uint32_t i = 0; i < 20; i++) {
		const struct carrier from = address_of(7000 + i);
		const struct party_out m0 = next_m0(s);

		assert_int_equal(sessions_handshake(s->b->sessions, party_start, &from,
						    span_of(m0.bytes, m0.len)),
				 ERR_AGAIN);
	}
	assert_int_equal(sessions_deadline(s->b->sessions).us, 0);
	while (sessions_poll(s->b->sessions, party_start, &output)) {
		const struct carrier expected = address_of(7000 + count);

		assert_int_equal(output.kind, SESSION_SEND_HANDSHAKE);
		assert_memory_equal(output.handshake.carrier.name, expected.name,
				    sizeof(expected.name));
		count++;
	}
	assert_int_equal(count, 16);
	assert_int_equal(sessions_counters(s->b->sessions).answers_lost, 4);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bogus_messages_leave_memory_flat_and_the_tunnel_alive),
		TEST(right_messages_from_false_addresses_get_cookies),
		TEST(cookies_are_asked_for_from_128_on),
		TEST(a_cookie_is_good_from_its_own_address_only),
		TEST(false_cookies_are_ignored),
		TEST(a_proven_source_starts_20_a_second),
		TEST(a_proven_source_has_64_places),
		TEST(a_claimed_source_is_asked_after_20),
		TEST(a_claimed_source_is_asked_from_64_places_on),
		TEST(a_link_starts_20_a_second_and_has_16_places),
		TEST(item_09_the_unproven_give_way),
		TEST(item_09_among_the_proven_chance_decides),
		TEST(sixteen_answers_wait_and_the_newest_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
