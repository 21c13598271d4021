/* test_session_attack.c - who may not become a peer, whatever he knows and has stolen.
 *
 * The names item_NN are those of the list of what can go wrong with this kind of handshake
 * (doc/protocol.md, "Security considerations"). The forger knows the network's secret, unless the
 * test says otherwise: so it is a member that attacks, or a stranger to whom the secret leaked. */
#include "tests/lib/allocations.h"
#include "tests/lib/cmocka.h"

#include "base/err.h"
#include "tests/lib/forger.h"

#include <stdlib.h>

/* c is a third member, the forger; whose key and certificate it uses is up to the test. */
struct scene {
	struct party_group *group;
	struct party *a, *b, *c;
	struct forger forger;
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

static const struct id *id_of(const struct party *party)
{
	return &party->certificate.id;
}

/* The forger dials b and goes as far as it gets: what b says to its M2. */
static int dial_b(struct scene *s)
{
	const struct party_out *m1;
	struct span m2;

	assert_int_equal(party_receive(s->b, party_start, &s->c->address,
				       forger_m0(&s->forger, id_of(s->b), id_of(s->b))),
			 0);
	m1 = party_next(s->b);
	assert_non_null(m1);
	assert_int_equal(forger_take_m1(&s->forger, party_start.wall, span_of(m1->bytes, m1->len)),
			 0);
	m2 = forger_m2(&s->forger);
	return party_receive(s->b, party_start, &s->c->address, m2);
}

/* a dials b and the forger answers first: what a says to its M1. Then b's true answer comes. */
static int answer_for_b(struct scene *s)
{
	struct party_out m0;
	int err;

	(void)party_dial(s->a, party_start, s->b);
	m0 = *party_next(s->a);
	err = party_receive(s->a, party_start, &s->b->address,
			    forger_m1(&s->forger, span_of(m0.bytes, m0.len), id_of(s->b)));
	(void)party_receive(s->b, party_start, &s->a->address, span_of(m0.bytes, m0.len));
	party_exchange(s->a, s->b, party_start);
	assert_true(party_is_joined(s->a, s->b)); /* nothing of it was in the way */
	return err;
}

static void assert_b_is_alone(const struct scene *s)
{
	assert_int_equal(party_count(s->b, SESSION_ASK), 0);
	assert_int_equal(party_count(s->b, SESSION_ESTABLISHED), 0);
	assert_int_equal(sessions_counters(s->b->sessions).sessions, 0);
}

/* The forger can do it, if it has what it takes: else the other tests would show nothing. */
static void an_honest_forger_is_a_member(void **state)
{
	struct scene *s = *state;

	assert_int_equal(dial_b(s), 0);
	assert_int_equal(party_count(s->b, SESSION_ESTABLISHED), 1);
	forger_free(&s->forger);
	forger_init(&s->forger, s->group, s->b);
	(void)party_dial(s->a, party_start, s->b);
	assert_int_equal(party_receive(s->a, party_start, &s->b->address,
				       forger_m1(&s->forger, span_of(s->a->outs[0].bytes, 1100),
						 id_of(s->b))),
			 0);
	assert_int_equal(party_count(s->a, SESSION_ESTABLISHED), 1);
}

static void item_01_an_initiators_signature_is_over_this_run_and_role(void **state)
{
	struct scene *s = *state;

	for (enum forger_lie lie = FORGER_SIGNS_OTHER_HASH; lie <= FORGER_SIGNS_NOTHING; lie++) {
		s->forger.lie = lie;
		assert_int_equal(dial_b(s), ERR_AUTH);
		assert_b_is_alone(s);
		assert_int_equal(sessions_counters(s->b->sessions).half_open,
				 0); /* its own fault */
	}
}

static void item_01_a_responders_signature_is_over_this_run_and_role(void **state)
{
	struct scene *s = *state;

	forger_free(&s->forger);
	forger_init(&s->forger, s->group, s->b); /* even the true key: the lie decides */
	for (enum forger_lie lie = FORGER_SIGNS_OTHER_HASH; lie <= FORGER_SIGNS_NOTHING; lie++) {
		s->forger.lie = lie;
		assert_int_equal(answer_for_b(s), ERR_AUTH);
		party_restart(s->group, s->a);
		party_restart(s->group, s->b);
	}
}

/* Item 2: who changes what the prologue binds, on the way, is found out. */
static void item_02_version_suite_and_epoch_are_bound(void **state)
{
	struct scene *s = *state;

	for (size_t at = 1; at <= 3; at++) {
		struct party_out m0;

		(void)party_dial(s->a, party_start, s->b);
		m0 = *party_next(s->a);
		m0.bytes[at] = at == 3 ? 1 : 2; /* the epoch before; version 2; suite 2 */
		network_mac1_key(&s->forger.network, &s->forger.network.epochs[at == 3],
				 id_of(s->b), s->forger.mac1_key);
		forger_mend(&s->forger, m0.bytes, m0.len, span_of(NULL, 0));
		/* Of version 2 b only says that it does not speak it, and a hears that this answers
		 * nothing it said; otherwise M0's tag, which hangs on the prologue, is wrong. */
		assert_int_equal(
			party_receive(s->b, party_start, &s->a->address, span_of(m0.bytes, m0.len)),
			at == 1 ? ERR_VERSION : ERR_AUTH);
		if (at == 1)
			assert_int_equal(party_pass(s->b, s->a, party_start), ERR_AUTH);
		assert_null(party_next(s->b));
		assert_int_equal(party_count(s->a, SESSION_ASK), 0);
		assert_int_equal(party_count(s->a, SESSION_CLOSED), 0);
		party_restart(s->group, s->a);
		party_restart(s->group, s->b);
	}
}

/* Two groups with one secret (a bundle was copied, say): all macs are right. */
static void item_02_groups_stay_apart(void **state)
{
	struct scene *s = *state;
	struct party_group *other = party_group_new(77, false);
	struct party *d;

	memcpy(other->secrets, s->group->secrets, sizeof(other->secrets));
	d = party_new(other, 4);
	(void)party_dial(d, party_start, s->b);
	assert_int_equal(party_pass(d, s->b, party_start), ERR_AUTH); /* M0's tag: prologue */
	assert_int_equal(sessions_counters(s->b->sessions).half_open, 0);

	/* A forger gets the prologue right, but has no certificate of this group. */
	forger_set_certificate(&s->forger, span_of(d->certificate.der, d->certificate.der_len));
	s->forger.key = d->key;
	assert_true(dial_b(s) < 0);
	assert_b_is_alone(s);
	assert_true(answer_for_b(s) < 0);
	party_del(d);
	party_group_del(other);
}

static void item_03_a_certificate_alone_makes_nobody(void **state)
{
	struct scene *s = *state;

	forger_set_certificate(&s->forger,
			       span_of(s->a->certificate.der, s->a->certificate.der_len));
	assert_int_equal(dial_b(s), ERR_AUTH);
	assert_b_is_alone(s);
	forger_set_certificate(&s->forger,
			       span_of(s->b->certificate.der, s->b->certificate.der_len));
	assert_int_equal(answer_for_b(s), ERR_AUTH);
}

static void a_member_cannot_answer_for_another(void **state)
{
	assert_int_equal(answer_for_b(*state), ERR_PEER);
}

/* The same where the target is a prefix of the id. */
static void a_member_cannot_answer_for_another_prefix(void **state)
{
	struct scene *s = *state;
	struct target target = { .kind = TARGET_PREFIX };
	struct carrier link = s->b->address;
	struct handle session;
	const struct party_out *m0;

	link.carriage = HANDSHAKE_CARRIED;
	memcpy(target.id.bytes, id_of(s->b)->bytes, ID_PREFIX_BYTES);
	assert_int_equal(sessions_dial(s->a->sessions, party_start, &target, &link, &session), 0);
	party_drain(s->a, party_start);
	m0 = party_next(s->a);
	assert_int_equal(party_receive(s->c, party_start, &link, span_of(m0->bytes, m0->len)),
			 ERR_PEER);
	assert_null(party_next(s->c));
}

static void item_04_self_signed_and_ca_certificates_are_nobodys(void **state)
{
	struct scene *s = *state;
	struct party_group *open = party_group_new(1, true);
	struct party *d = party_new(open, 4);

	forger_set_certificate(&s->forger, span_of(d->certificate.der, d->certificate.der_len));
	s->forger.key = d->key;
	assert_true(dial_b(s) < 0);
	assert_true(answer_for_b(s) < 0);
	party_restart(s->group, s->a);
	party_restart(s->group, s->b);

	forger_set_certificate(&s->forger, span_of(s->group->ca_der, s->group->ca_len));
	s->forger.key = s->group->ca_key; /* the CA itself is no member */
	assert_true(dial_b(s) < 0);
	assert_b_is_alone(s);
	assert_true(answer_for_b(s) < 0);
	party_del(d);
	party_group_del(open);
}

/* Both sides of both ends of the validity, five minutes of grace each. */
static void item_06_certificates_are_judged_by_the_calendar(void **state)
{
	static const struct {
		int64_t offset_s;
		int err;
	} at[] = {
		{ -301, ERR_NOT_YET }, { -300, 0 }, { 86400 + 300, 0 }, { 86400 + 301, ERR_EXPIRED }
	};
	struct scene *s = *state;

	s->group->days = 1;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		struct now now = party_start;
		struct party *d = party_new(s->group, 4);

		now.wall.us += at[i].offset_s * 1000000;
		party_restart(s->group, s->b);
		(void)party_dial(d, party_start, s->b); /* each has its own calendar */
		(void)party_pass(d, s->b, now);
		(void)party_pass(s->b, d, party_start);
		assert_int_equal(party_pass(d, s->b, now), at[i].err);
		party_del(d);
	}
}

/* Item 7: points of small order, in each place of the handshake where a key stands. */
static void item_07_keys_of_small_order_are_refused(void **state)
{
	struct scene *s = *state;

	s->forger.lie = FORGER_EPHEMERAL_OF_SMALL_ORDER;
	assert_int_equal(party_receive(s->b, party_start, &s->c->address,
				       forger_m0(&s->forger, id_of(s->b), id_of(s->b))),
			 ERR_CRYPTO);
	assert_int_equal(answer_for_b(s), ERR_CRYPTO);
	party_restart(s->group, s->a);
	party_restart(s->group, s->b);
	s->forger.lie = FORGER_STATIC_OF_SMALL_ORDER;
	assert_int_equal(dial_b(s), ERR_CRYPTO);
	assert_b_is_alone(s);
	assert_int_equal(answer_for_b(s), ERR_CRYPTO);
}

/* Item 8: a wrong mac1 is found before a key is drawn, a byte parsed, or anything answered. */
static void item_08_nothing_is_done_for_a_wrong_mac1(void **state)
{
	struct scene *s = *state;
	const struct entropy before = s->b->entropy;
	struct party_out m0;

	(void)party_dial(s->a, party_start, s->b);
	m0 = *party_next(s->a);
	for (unsigned i = 0; i < 3; i++) {
		uint8_t bytes[HANDSHAKE_M0_BYTES];

		memcpy(bytes, m0.bytes, sizeof(bytes));
		if (i == 0)
			bytes[60] ^= 1; /* mac1 itself */
		else if (i == 1)
			memset(bytes + 4, 0xff, 52); /* rubbish in every field */
		else
			bytes[3] = 9; /* an epoch nobody has */
		assert_int_equal(party_receive(s->b, party_start, &s->a->address,
					       span_of(bytes, sizeof(bytes))),
				 ERR_AUTH);
	}
	assert_null(party_next(s->b));
	assert_memory_equal(&before, &s->b->entropy, sizeof(before));
	assert_int_equal(sessions_counters(s->b->sessions).m0_bad_mac1, 3);
	assert_int_equal(sessions_counters(s->b->sessions).half_open, 0);
}

/* Item 11: the same random numbers again and again, and still no index twice. */
static void item_11_indices_never_collide(void **state)
{
	struct scene *s = *state;
	uint32_t indices[8];

	for (unsigned i = 0; i < 8; i++) {
		struct party_out m0;
		struct handshake_m0 decoded;

		rng_init_seed(&s->a->rng, 5);
		(void)party_dial(s->a, party_start, s->b);
		m0 = *party_next(s->a);
		assert_int_equal(
			handshake_m0_decode(span_of(m0.bytes, m0.len), HANDSHAKE_RAW, &decoded), 0);
		indices[i] = decoded.sender;
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(indices[i], indices[k]);
	}
}

static void item_12_a_repeated_m0_gets_the_same_m1(void **state)
{
	struct scene *s = *state;
	struct party_out m0;
	struct party_out m1;

	(void)party_dial(s->a, party_start, s->b);
	m0 = *party_next(s->a);
	for (unsigned i = 0; i < 5; i++) {
		const struct party_out *out;

		m0.bytes[72] = (uint8_t)i; /* mac2 makes no other M0 of it */
		assert_int_equal(party_receive(s->b, party_later_ms((uint64_t)i * 2000),
					       &s->a->address, span_of(m0.bytes, m0.len)),
				 0);
		out = party_next(s->b);
		assert_non_null(out);
		if (i == 0)
			m1 = *out;
		assert_int_equal(out->len, m1.len);
		assert_memory_equal(out->bytes, m1.bytes, m1.len);
		assert_int_equal(sessions_counters(s->b->sessions).half_open, 1);
	}
	assert_int_equal(sessions_counters(s->b->sessions).m0_repeated, 4);
}

/* The same once the session stands: the initiator has had its M1. */
static void item_12_an_m0_of_a_standing_session_makes_nothing(void **state)
{
	struct scene *s = *state;
	struct party_out m0;

	(void)party_dial(s->a, party_start, s->b);
	m0 = s->a->outs[0];
	party_exchange(s->a, s->b, party_start);
	assert_int_equal(
		party_receive(s->b, party_start, &s->a->address, span_of(m0.bytes, m0.len)),
		ERR_REPLAY);
	assert_null(party_next(s->b));
	assert_int_equal(sessions_counters(s->b->sessions).half_open, 0);
}

/* Item 15, short: certificates with bytes changed at random, properly signed and sealed by a
 * member, reach the parser. None is accepted, and the run under sanitizers says the rest. */
static void item_15_mutated_certificates_are_refused(void **state)
{
	struct scene *s = *state;
	struct rng rng;

	rng_init_seed(&rng, 15);
	for (unsigned i = 0; i < 100; i++) {
		uint8_t der[CERTIFICATE_BYTES_MAX];
		const size_t len = s->c->certificate.der_len;

		memcpy(der, s->c->certificate.der, len);
		for (unsigned k = 0; k <= rng_between(&rng, 0, 3); k++)
			der[rng_between(&rng, 0, len - 1)] ^= (uint8_t)rng_between(&rng, 1, 255);
		forger_set_certificate(
			&s->forger,
			span_of(der, rng_chance(&rng, 100) ? rng_between(&rng, 0, len) : len));
		if (memcmp(der, s->c->certificate.der, len) == 0)
			continue; /* two changes undid each other */
		assert_true(dial_b(s) < 0);
		party_drain(s->b, party_later_ms(i)); /* its rate is not what is tried here */
		s->c->address.source[0] = (uint8_t)(i / 15);
		s->c->address.name[1] = (uint8_t)i;
	}
	assert_b_is_alone(s);
}

/* Item 16, short: what a handshake takes it gives back. The long form is soak_handshakes.c. */
static void item_16_handshakes_leave_no_memory_behind(void **state)
{
	struct scene *s = *state;
	int64_t before = 0;

	for (unsigned i = 0; i < 80; i++) {
		const struct now now = party_later_ms((uint64_t)i * 1000);

		if (i == 20)
			before = allocations_live();
		party_connect(s->a, s->b, now);
		sessions_close(s->a->sessions, now, party_session(s->a), FRAME_CLOSE_SHUTDOWN);
		party_exchange(s->a, s->b, now);
		s->a->note_count = s->b->note_count = 0;
	}
	assert_true(allocations_live() == before);
}

static bool contains(const struct party_out *out, struct span needle)
{
	for (size_t at = 0; at + needle.len <= out->len; at++) {
		if (memcmp(out->bytes + at, needle.data, needle.len) == 0)
			return true;
	}
	return false;
}

/* Item 17: the secret leaked. Its finder can be answered, and sees nobody; a certificate is what
 * he needs, and has not. */
static void item_17_the_secret_alone_shows_and_opens_nothing(void **state)
{
	struct scene *s = *state;
	uint8_t junk[200] = { 0x30, 0x82 };
	const struct party_out *m1;

	assert_int_equal(party_receive(s->b, party_start, &s->c->address,
				       forger_m0(&s->forger, id_of(s->b), id_of(s->b))),
			 0);
	m1 = party_next(s->b);
	assert_false(contains(m1, span_text(s->b->certificate.name)));
	assert_false(contains(m1, span_of(s->b->certificate.spki + 12, 16)));
	assert_false(contains(m1, span_of(s->b->certificate.der, 8)));
	forger_set_certificate(&s->forger, span_of(junk, sizeof(junk)));
	party_restart(s->group, s->b);
	assert_true(dial_b(s) < 0);
	assert_b_is_alone(s);
}

/* Item 18: nothing is remembered by bytes that a peer can vary; a signature that was good for one
 * run is verified, and refused, in the next. */
static void item_18_signatures_are_verified_each_time(void **state)
{
	struct scene *s = *state;

	party_connect(s->a, s->b, party_start); /* the same certificate, a moment ago */
	forger_free(&s->forger);
	forger_init(&s->forger, s->group, s->a);
	s->forger.lie = FORGER_SIGNS_OTHER_HASH;
	assert_int_equal(dial_b(s), ERR_AUTH);
	s->forger.lie = FORGER_SIGNS_NOTHING;
	assert_int_equal(dial_b(s), ERR_AUTH);
	assert_int_equal(party_count(s->b, SESSION_ESTABLISHED), 1);
}

/* -- the attacks that have names ----------------------------------------------------------------
 */

/* Key compromise impersonation: who has b's keys is b to others, but nobody else to b. */
static void kci_a_thief_of_bs_key_cannot_be_a_to_b(void **state)
{
	struct scene *s = *state;

	forger_free(&s->forger);
	forger_init(&s->forger, s->group, s->b);
	forger_set_certificate(&s->forger,
			       span_of(s->a->certificate.der, s->a->certificate.der_len));
	s->forger.self.certificate = s->c->certificate; /* it does not mind that b is b */
	assert_int_equal(dial_b(s), ERR_AUTH);
	forger_set_certificate(&s->forger,
			       span_of(s->b->certificate.der, s->b->certificate.der_len));
	assert_int_equal(dial_b(s), ERR_PEER); /* and not b itself either */
	assert_b_is_alone(s);
}

/* Unknown key share: a dials c, and c, a member, passes all on to b as if a had dialled b. */
static void uks_a_dial_cannot_be_passed_on(void **state)
{
	struct scene *s = *state;
	struct party_out m0;

	(void)party_dial(s->a, party_start, s->c);
	m0 = *party_next(s->a);
	network_mac1_key(&s->forger.network, &s->forger.network.epochs[0], id_of(s->b),
			 s->forger.mac1_key);
	forger_mend(&s->forger, m0.bytes, m0.len, span_of(NULL, 0));
	/* b's prologue says b, a's says c: M0's tag is wrong already. */
	assert_int_equal(
		party_receive(s->b, party_start, &s->c->address, span_of(m0.bytes, m0.len)),
		ERR_AUTH);
	assert_null(party_next(s->b));
}

/* Misbinding: c answers a's dial to c with b's M1. */
static void misbinding_anothers_m1_is_not_ours(void **state)
{
	struct scene *s = *state;
	struct party_out m0;
	struct party_out m1;

	(void)party_dial(s->a, party_start, s->b);
	m0 = *party_next(s->a);
	(void)party_receive(s->b, party_start, &s->c->address, span_of(m0.bytes, m0.len));
	m1 = *party_next(s->b);
	party_restart(s->group, s->a);
	(void)party_dial(s->a, party_start, s->c);
	network_mac1_key(&s->forger.network, &s->forger.network.epochs[0], id_of(s->c),
			 s->forger.mac1_key);
	memcpy(m1.bytes + 4, s->a->outs[0].bytes + 4, 4); /* a's index of that dial */
	forger_mend(&s->forger, m1.bytes, m1.len, span_of(s->a->outs[0].bytes + 8, 32));
	assert_int_equal(
		party_receive(s->a, party_start, &s->c->address, span_of(m1.bytes, m1.len)),
		ERR_AUTH);
	assert_int_equal(party_count(s->a, SESSION_ASK), 0);
}

/* A mirror: what a says comes back to a. */
static void reflection_leads_nowhere(void **state)
{
	struct scene *s = *state;
	const struct target target = { .kind = TARGET_NEAREST };
	struct carrier link = s->a->address;
	struct handle session;
	struct party_out m0;

	(void)party_dial(s->a, party_start, s->b);
	m0 = *party_next(s->a);
	assert_int_equal(
		party_receive(s->a, party_start, &s->b->address, span_of(m0.bytes, m0.len)),
		ERR_AUTH);
	/* Over the ring a may well be nearest to what it looks for. */
	link.carriage = HANDSHAKE_CARRIED;
	assert_int_equal(sessions_dial(s->a->sessions, party_start, &target, &link, &session), 0);
	party_drain(s->a, party_start);
	m0 = *party_next(s->a);
	assert_int_equal(party_receive(s->a, party_start, &link, span_of(m0.bytes, m0.len)), 0);
	m0 = *party_next(s->a); /* M1 */
	assert_int_equal(party_receive(s->a, party_start, &link, span_of(m0.bytes, m0.len)),
			 ERR_PEER);
	assert_int_equal(party_count(s->a, SESSION_ASK), 0);
}

/* With the wrong secret M0 already fails; over the overlay, where there is no mac1, M2 does. */
static void a_wrong_secret_is_no_way_in(void **state)
{
	struct scene *s = *state;
	struct party *d;
	const struct target target = party_target(s->b);
	struct carrier link = s->b->address;
	struct handle session;

	memset(s->group->secrets[0].bytes, 9, SESSION_SECRET_BYTES);
	d = party_new(s->group, 4);
	(void)party_dial(d, party_start, s->b);
	assert_int_equal(party_pass(d, s->b, party_start), ERR_AUTH);
	assert_null(party_next(s->b));

	link.carriage = HANDSHAKE_CARRIED;
	assert_int_equal(sessions_dial(d->sessions, party_start, &target, &link, &session), 0);
	party_drain(d, party_start);
	d->address.carriage = HANDSHAKE_CARRIED;
	s->b->address.carriage = HANDSHAKE_CARRIED;
	assert_int_equal(party_pass(d, s->b, party_start), 0);
	assert_int_equal(party_pass(s->b, d, party_start), 0);
	assert_int_equal(party_pass(d, s->b, party_start), ERR_AUTH); /* psk, at M2 */
	assert_b_is_alone(s);
	party_del(d);
}

/* Raw and carried messages do not mix: a carried one has no mac1. */
static void messages_keep_to_their_carriage(void **state)
{
	struct scene *s = *state;
	struct carrier link = s->b->address;
	struct party_out m;

	link.carriage = HANDSHAKE_CARRIED;
	(void)party_dial(s->a, party_start, s->b);
	(void)party_pass(s->a, s->b, party_start);
	m = *party_next(s->b);
	assert_int_equal(party_receive(s->a, party_start, &link,
				       span_of(m.bytes, m.len - HANDSHAKE_MAC_BYTES)),
			 ERR_STALE);
	(void)party_receive(s->a, party_start, &s->b->address, span_of(m.bytes, m.len));
	m = *party_next(s->a);
	assert_int_equal(party_receive(s->b, party_start, &link,
				       span_of(m.bytes, m.len - HANDSHAKE_MAC_BYTES)),
			 ERR_STALE);
	assert_b_is_alone(s);
	assert_int_equal(party_receive(s->b, party_start, &s->a->address, span_of(m.bytes, m.len)),
			 0);
}

/* Carried M0 for somebody else came by mistake or malice of a router. */
static void carried_handshakes_for_others_are_dropped(void **state)
{
	struct scene *s = *state;
	const struct target target = party_target(s->b);
	struct carrier link = s->b->address;
	struct handle session;

	link.carriage = HANDSHAKE_CARRIED;
	assert_int_equal(sessions_dial(s->a->sessions, party_start, &target, &link, &session), 0);
	party_drain(s->a, party_start);
	s->a->address.carriage = HANDSHAKE_CARRIED;
	assert_int_equal(party_pass(s->a, s->c, party_start), ERR_PEER);
	assert_null(party_next(s->c));
}

/* Who copied M1 can send it from anywhere; what a says next goes where a dialled all the same. */
static void m2_goes_where_m0_went(void **state)
{
	struct scene *s = *state;
	const struct party_out *m1;
	const struct party_out *m2;

	(void)party_dial(s->a, party_start, s->b);
	(void)party_pass(s->a, s->b, party_start);
	m1 = party_next(s->b);
	assert_int_equal(
		party_receive(s->a, party_start, &s->c->address, span_of(m1->bytes, m1->len)), 0);
	m2 = party_next(s->a);
	assert_int_equal(m2->bytes[0], DATAGRAM_M2);
	assert_memory_equal(m2->to.name, s->b->address.name, sizeof(m2->to.name));
	assert_memory_equal(party_last(s->a, SESSION_ASK)->peer.carrier.name, s->b->address.name,
			    sizeof(m2->to.name));
}

/* A VERSION for a's M0 with right mac1: lowest and highest version, suites. */
static struct party_out version_for(struct scene *s, uint8_t lowest, uint8_t highest,
				    uint32_t suites)
{
	struct party_out version = { .len = HANDSHAKE_VERSION_MESSAGE_BYTES };
	struct writer w = writer_of(version.bytes, sizeof(version.bytes));
	struct handshake_m0 m0;
	const struct party_out *sent;

	(void)party_dial(s->a, party_start, s->b);
	sent = party_next(s->a);
	assert_int_equal(handshake_m0_decode(span_of(sent->bytes, sent->len), HANDSHAKE_RAW, &m0),
			 0);
	handshake_version_encode(&(struct handshake_version){ .lowest = lowest,
							      .highest = highest,
							      .receiver = m0.sender,
							      .suites = suites },
				 &w);
	network_mac1_key(&s->forger.network, &s->forger.network.epochs[0], id_of(s->b),
			 s->forger.mac1_key);
	forger_mend(&s->forger, version.bytes, version.len,
		    span_of(sent->bytes + 56, HANDSHAKE_MAC_BYTES));
	return version;
}

static void it_is_said_which_side_is_too_old(void **state)
{
	static const struct {
		uint8_t lowest, highest;
		const char *text;
	} cases[] = { { 0, 0, "the other side is too old" },
		      { 2, 9, "this side is too old" },
		      { 1, 1, "cipher suites" } };
	struct scene *s = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct party_out version =
			version_for(s, cases[i].lowest, cases[i].highest, 0x80);

		assert_int_equal(party_receive(s->a, party_start, &s->b->address,
					       span_of(version.bytes, version.len)),
				 0);
		party_drain(s->a, party_later_ms(3000));
		assert_int_equal(party_last(s->a, SESSION_CLOSED)->reason.err, ERR_VERSION);
		assert_non_null(
			strstr(party_last(s->a, SESSION_CLOSED)->reason.text, cases[i].text));
		party_restart(s->group, s->a);
	}
}

static void each_bit_of_version(void **state)
{
	struct scene *s = *state;
	struct party_out version = version_for(s, 2, 9, 0x80);

	for (size_t bit = 0; bit < version.len * 8; bit++) {
		version.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_true(party_receive(s->a, party_start, &s->b->address,
					  span_of(version.bytes, version.len)) < 0);
		version.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	for (size_t len = 0; len < version.len; len++)
		assert_true(party_receive(s->a, party_start, &s->b->address,
					  span_of(version.bytes, len)) < 0);
	party_drain(s->a, party_later_ms(19999));
	assert_int_equal(party_count(s->a, SESSION_CLOSED), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_honest_forger_is_a_member),
		TEST(item_01_an_initiators_signature_is_over_this_run_and_role),
		TEST(item_01_a_responders_signature_is_over_this_run_and_role),
		TEST(item_02_version_suite_and_epoch_are_bound),
		TEST(item_02_groups_stay_apart),
		TEST(item_03_a_certificate_alone_makes_nobody),
		TEST(a_member_cannot_answer_for_another),
		TEST(a_member_cannot_answer_for_another_prefix),
		TEST(item_04_self_signed_and_ca_certificates_are_nobodys),
		TEST(item_06_certificates_are_judged_by_the_calendar),
		TEST(item_07_keys_of_small_order_are_refused),
		TEST(item_08_nothing_is_done_for_a_wrong_mac1),
		TEST(item_11_indices_never_collide),
		TEST(item_12_a_repeated_m0_gets_the_same_m1),
		TEST(item_12_an_m0_of_a_standing_session_makes_nothing),
		TEST(item_15_mutated_certificates_are_refused),
		TEST(item_16_handshakes_leave_no_memory_behind),
		TEST(item_17_the_secret_alone_shows_and_opens_nothing),
		TEST(item_18_signatures_are_verified_each_time),
		TEST(kci_a_thief_of_bs_key_cannot_be_a_to_b),
		TEST(uks_a_dial_cannot_be_passed_on),
		TEST(misbinding_anothers_m1_is_not_ours),
		TEST(reflection_leads_nowhere),
		TEST(a_wrong_secret_is_no_way_in),
		TEST(messages_keep_to_their_carriage),
		TEST(carried_handshakes_for_others_are_dropped),
		TEST(m2_goes_where_m0_went),
		TEST(it_is_said_which_side_is_too_old),
		TEST(each_bit_of_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
