/* fuzz_handshake.c - messages with a right mac1 for machines that are in a handshake (F2).
 *
 * Two members connect. On the way of each of their messages, somebody who knows the network's
 * secret puts in messages of his own: that message with edits, or one of a run that he leads with a
 * certificate and a signature that are not in order; mac1 is right in all of them.
 *
 * Oracles: whatever is put in, no session comes of it, and the two are joined in the end as if
 * nothing had been.
 */
#include "base/check.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/forger.h"

#define EDITS_MAX 8
#define INSERTS_MAX 6 /* on the way of one message */

static struct trial {
	struct party_group *group;
	struct party *a, *b, *c; /* a dials b; c is the forger */
	struct entropy entropies[2];
	struct rng rngs[2]; /* as they were when a and b were new */
	struct forger forger;
	uint8_t m0[HANDSHAKE_M0_BYTES], m1[HANDSHAKE_M1_BYTES]; /* as they were sent */
} trial;

static void renew(struct party *party, size_t i)
{
	party->entropy = trial.entropies[i];
	party->rng = trial.rngs[i];
	party_restart(trial.group, party);
}

static void start(void)
{
	if (trial.group == NULL) {
		trial.group = party_group_new(1, false);
		trial.group->sessions_max = 8;
		trial.a = party_new(trial.group, 1);
		trial.b = party_new(trial.group, 2);
		trial.c = party_new(trial.group, 3);
		trial.entropies[0] = trial.a->entropy;
		trial.entropies[1] = trial.b->entropy;
		trial.rngs[0] = trial.a->rng;
		trial.rngs[1] = trial.b->rng;
	}
	renew(trial.a, 0);
	renew(trial.b, 1);
	forger_init(&trial.forger, trial.group, trial.c);
	network_mac1_key(&trial.forger.network, &trial.forger.network.epochs[0],
			 &trial.b->certificate.id, trial.forger.mac1_key);
}

/* What mac1 of a message in the run of a and b covers beside the message. */
static struct span answered_by(uint8_t type)
{
	switch (type) {
	case DATAGRAM_M1:
		return span_of(trial.m0 + 8, HANDSHAKE_EPHEMERAL_BYTES);
	case DATAGRAM_M2:
		return span_of(trial.m1 + 12, HANDSHAKE_EPHEMERAL_BYTES);
	default:
		return span_of(NULL, 0);
	}
}

/* Any bytes changed, mostly those that are read before the keys are known, and mac1 mended; false
 * if it comes out as it was. */
static bool edit(struct script *script, const struct party_out *out, uint8_t *bytes)
{
	memcpy(bytes, out->bytes, out->len);
	for (unsigned edits = 1U + script_u8(script) % EDITS_MAX; edits > 0; edits--) {
		const uint8_t high = script_u8(script);
		const size_t at = (size_t)(high < 192 ? 0 : high) << 8 | script_u8(script);

		if (at % out->len != 0) /* its type it keeps */
			bytes[at % out->len] ^= script_u8(script);
	}
	forger_mend(&trial.forger, bytes, out->len, answered_by(bytes[0]));
	return memcmp(bytes, out->bytes, out->len) != 0;
}

/* Gives the forger a certificate and a lie, so that not both are in order: c's own, with a lie in
 * what is signed; a's, whose key c does not have; or either, but not as the CA signed it. */
static void prepare(struct script *script, unsigned lies)
{
	const uint8_t choice = script_u8(script);
	const struct certificate *from =
		choice % 2 == 0 ? &trial.c->certificate : &trial.a->certificate;
	uint8_t der[CERTIFICATE_BYTES_MAX];
	size_t len = from->der_len;

	memcpy(der, from->der, len);
	for (unsigned edits = choice / 2 % EDITS_MAX; edits > 0; edits--) {
		const size_t at = (size_t)script_u8(script) << 8 | script_u8(script);

		der[at % len] ^= script_u8(script);
	}
	if (choice >= 240)
		len -= script_u8(script);
	trial.forger.lie = (enum forger_lie)(script_u8(script) % lies);
	if (choice % 2 == 0 && len == from->der_len && memcmp(der, from->der, len) == 0 &&
	    trial.forger.lie == FORGER_HONEST)
		trial.forger.lie = FORGER_SIGNS_OTHER_HASH;
	forger_set_certificate(&trial.forger, span_of(der, len));
}

static void receive(struct party *party, const struct party *from, struct span bytes, bool refused)
{
	const uint32_t asked = party_count(party, SESSION_ASK);
	const int err = party_receive(party, party_start, &from->address, bytes);

	CHECK(!refused || err != 0);
	CHECK(party_count(party, SESSION_ASK) == asked);
}

/* A run of the forger's own with b, in which everything is right up to the payload of M2. */
static void dial_b(struct script *script)
{
	const struct id *b = &trial.b->certificate.id;
	const uint32_t tail = trial.b->out_tail;
	struct span m0, m1;

	prepare(script, FORGER_EPHEMERAL_OF_SMALL_ORDER);
	m0 = forger_m0(&trial.forger, b, b);
	receive(trial.b, trial.c, m0, false);
	if (trial.b->out_tail == tail)
		return; /* too many for now */
	m1 = span_of(trial.b->outs[tail % PARTY_OUTS_MAX].bytes,
		     trial.b->outs[tail % PARTY_OUTS_MAX].len);
	trial.b->out_tail = tail; /* it went to the forger */
	if (datagram_type(m1) == DATAGRAM_M1 &&
	    forger_take_m1(&trial.forger, party_start.wall, m1) == 0)
		receive(trial.b, trial.c, forger_m2(&trial.forger), true);
}

/* Answers a in b's place. */
static void answer_a(struct script *script)
{
	prepare(script, FORGER_LIES);
	receive(trial.a, trial.b,
		forger_m1(&trial.forger, span_of(trial.m0, sizeof(trial.m0)),
			  &trial.b->certificate.id),
		true);
}

/* One message from the forger, while `out` is on its way. */
static void insert(struct script *script, const struct party_out *out, struct party *from,
		   struct party *to)
{
	uint8_t bytes[DATAGRAM_BYTES_MAX];

	switch (script_u8(script) % 4) {
	case 0:
	case 1:
		if (edit(script, out, bytes))
			receive(to, from, span_of(bytes, out->len), bytes[0] != DATAGRAM_M0);
		break;
	case 2:
		dial_b(script);
		break;
	default:
		answer_a(script);
		break;
	}
}

/* The oldest message of one side goes to the other, after what was put in; false: none waits. */
static bool pass(struct script *script, struct party *from, struct party *to)
{
	const struct party_out *next = party_next(from);
	struct party_out out;

	if (next == NULL)
		return false;
	out = *next;
	if (out.bytes[0] == DATAGRAM_M0)
		memcpy(trial.m0, out.bytes, sizeof(trial.m0));
	if (out.bytes[0] <= DATAGRAM_M2) {
		for (unsigned n = script_u8(script) % (INSERTS_MAX + 1); n > 0; n--)
			insert(script, &out, from, to);
	}
	if (party_receive(to, party_start, &from->address, span_of(out.bytes, out.len)) == 0 &&
	    out.bytes[0] == DATAGRAM_M1) /* not one that answers an M0 of the forger's */
		memcpy(trial.m1, out.bytes, sizeof(trial.m1));
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = script_of(data, size);

	start();
	(void)party_dial(trial.a, party_start, trial.b);
	for (bool any = true; any;) {
		any = pass(&script, trial.a, trial.b);
		any = pass(&script, trial.b, trial.a) || any;
	}
	CHECK(party_is_joined(trial.a, trial.b));
	CHECK(party_count(trial.a, SESSION_ESTABLISHED) == 1);
	CHECK(party_count(trial.b, SESSION_ESTABLISHED) == 1);
	forger_free(&trial.forger);
	return 0;
}
