/* session_responder.c - see session_responder.h. */
#include "session/session_responder.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"

/* An M0 on its way through the checks. */
struct question {
	const struct carrier *carrier;
	struct span bytes;
	struct handshake_macs macs; /* raw */
	struct handshake_m0 m0;
	const struct network_epoch *epoch;
	const struct suite *suite;
	uint8_t hash[HASH_BYTES]; /* without macs: what tells a repeat */
	bool proven;
};

/* A stateless answer. When nobody polls it is lost: its M0 will be repeated. */
static void post_answer(struct sessions *s, const struct carrier *carrier, const struct writer *w)
{
	struct answer *answer;

	CHECK(writer_ok(w) && w->len <= ANSWER_BYTES);
	if (queue_is_full(&s->answer_queue)) {
		s->counters.answers_lost++;
		return;
	}
	answer = &s->answers[queue_push(&s->answer_queue)];
	answer->carrier = *carrier;
	answer->len = (uint8_t)w->len;
	memcpy(answer->bytes, w->data, w->len);
}

/* mac1 under the key of runs that we answer, bound to what it answers. */
static void make_mac1(const struct network_epoch *epoch, struct span covered, struct span answered,
		      uint8_t ret[HANDSHAKE_MAC_BYTES])
{
	const struct span parts[] = { covered, answered };

	mac_compute(&epoch->own_mac1, parts, 2, ret);
}

static bool mac1_is_right(const struct network_epoch *epoch, const struct handshake_macs *macs,
			  struct span answered)
{
	uint8_t mac1[HANDSHAKE_MAC_BYTES];

	make_mac1(epoch, macs->covered_by_mac1, answered, mac1);
	return secret_equal(mac1, macs->mac1.data, sizeof(mac1));
}

static void answer_version(struct sessions *s, const struct question *question)
{
	struct handshake_version version = { .lowest = HANDSHAKE_VERSION,
					     .highest = HANDSHAKE_VERSION,
					     .receiver = question->m0.sender };
	uint8_t bytes[ANSWER_BYTES];
	uint8_t mac1[HANDSHAKE_MAC_BYTES];
	struct writer w = writer_of(bytes, sizeof(bytes));

	for (const struct suite *suite = s->suites; suite->id != SUITE_NONE; suite++) {
		if (suite->id < 32)
			version.suites |= UINT32_C(1) << suite->id;
	}
	handshake_version_encode(&version, &w);
	if (question->carrier->carriage == HANDSHAKE_RAW) {
		make_mac1(question->epoch, writer_span(&w), question->macs.mac1, mac1);
		writer_bytes(&w, mac1, sizeof(mac1));
	}
	post_answer(s, question->carrier, &w);
}

/* The cheap part of the way in: 0, ERR_AUTH, ERR_MALFORMED, ERR_VERSION, ERR_PEER. */
static int judge_form(struct sessions *s, struct question *question)
{
	const bool raw = question->carrier->carriage == HANDSHAKE_RAW;
	struct handshake_m0 *m0 = &question->m0;

	if (raw) {
		if (handshake_macs_find(question->bytes, &question->macs) == 0)
			question->epoch = network_epoch(&s->network, question->macs.epoch);
		if (question->epoch == NULL ||
		    !SECCHECK(SEC_M0_MAC1,
			      mac1_is_right(question->epoch, &question->macs, span_of(NULL, 0)))) {
			s->counters.m0_bad_mac1++;
			return ERR_AUTH;
		}
	}
	if (handshake_m0_decode(question->bytes, question->carrier->carriage, m0) != 0) {
		s->counters.m0_bad_form++;
		return ERR_MALFORMED;
	}
	question->epoch = network_epoch(&s->network, m0->epoch);
	question->suite = suite_find(s->suites, m0->suite);
	if (!SECCHECK(SEC_M0_VERSION, m0->version == HANDSHAKE_VERSION) ||
	    !SECCHECK(SEC_M0_SUITE, question->suite != NULL)) {
		s->counters.m0_bad_version++;
		answer_version(s, question);
		return ERR_VERSION;
	}
	if (raw)
		m0->target = (struct target){ TARGET_EXACT, s->self.certificate.id };
	if (question->epoch == NULL ||
	    !SECCHECK(SEC_M0_TARGET, run_target_is_met(&m0->target, &s->self.certificate.id))) {
		s->counters.m0_bad_form++;
		return ERR_PEER;
	}
	return 0;
}

static int ask_for_cookie(struct sessions *s, struct now now, const struct question *question)
{
	const struct span address =
		span_of(question->carrier->name, sizeof(question->carrier->name));
	uint8_t cookie[HANDSHAKE_COOKIE_BYTES];
	uint8_t nonce[HANDSHAKE_COOKIE_NONCE_BYTES];
	uint8_t sealed[COOKIE_SEALED_BYTES];
	uint8_t bytes[ANSWER_BYTES];
	struct writer w = writer_of(bytes, sizeof(bytes));

	s->counters.m0_cookie_wanted++;
	rng_bytes(s->rng, nonce, sizeof(nonce));
	const struct cookie_seal seal = { .mac1_key = question->epoch->own_mac1_key,
					  .mac1 = question->macs.mac1,
					  .nonce = span_of(nonce, sizeof(nonce)) };
	int err = cookies_make(&s->cookies, s->entropy, now.mono, address, cookie);

	if (err == 0)
		err = cookie_seal(&seal, cookie, sealed);
	if (err != 0)
		return err;
	handshake_cookie_encode(
		&(struct handshake_cookie){ .receiver = question->m0.sender,
					    .nonce = seal.nonce,
					    .sealed = span_of(sealed, sizeof(sealed)) },
		&w);
	post_answer(s, question->carrier, &w);
	return ERR_AGAIN;
}

/* True if the source has less than its share of the table. */
static bool has_room(const struct sessions *s, const struct carrier *carrier)
{
	const uint32_t share = carrier->carriage == HANDSHAKE_RAW ? SESSION_HALF_OPEN_PER_SOURCE
								  : SESSION_HALF_OPEN_PER_LINK;

	return half_opens_count(&s->half_opens, carrier) < share;
}

/* A source that is only claimed may be somebody else's, so it is asked for a cookie where a proven
 * one would be refused; else a stranger could use up what is the true owner's. */
static int judge_claimed(struct sessions *s, struct now now, const struct question *question)
{
	const struct carrier *carrier = question->carrier;
	const struct span source = span_of(carrier->source, sizeof(carrier->source));

	if (SECCHECK(SEC_M0_CALM, pool_count(&s->half_opens.pool) < SESSION_HALF_OPEN_LOADED) &&
	    SECCHECK(SEC_M0_CLAIMED_SHARE, has_room(s, carrier)) &&
	    SECCHECK(SEC_M0_CLAIMED_RATE, limiter_allow(&s->unproven, now.mono, source)))
		return 0;
	return ask_for_cookie(s, now, question);
}

/* What a source may start: 0, ERR_FULL, or ERR_AGAIN: a cookie was sent. */
static int judge_source(struct sessions *s, struct now now, struct question *question)
{
	const struct carrier *carrier = question->carrier;
	const struct span source = span_of(carrier->source, sizeof(carrier->source));
	const struct span address = span_of(carrier->name, sizeof(carrier->name));
	const bool raw = carrier->carriage == HANDSHAKE_RAW;

	question->proven = !raw || cookies_check(&s->cookies, now.mono, address, &question->macs);
	if (!question->proven)
		return judge_claimed(s, now, question);
	if (SECCHECK(SEC_M0_SHARE, has_room(s, carrier)) &&
	    SECCHECK(SEC_M0_RATE, limiter_allow(raw ? &s->proven : &s->links, now.mono, source)))
		return 0;
	s->counters.m0_rate_limited++;
	return ERR_FULL;
}

void responder_drop(struct sessions *s, struct handle half_open)
{
	const struct half_open *entry = pool_at(&s->half_opens.pool, half_open);

	CHECK(entry != NULL);
	sessions_give_index(s, entry->local_index);
	(void)map_remove(&s->by_m0, entry->m0_hash);
	half_opens_remove(&s->half_opens, half_open);
}

/* A place in the table, or NULL. */
static struct half_open *take_place(struct sessions *s, bool proven, struct handle *ret)
{
	struct half_open *entry = half_opens_add(&s->half_opens, ret);

	if (entry != NULL)
		return entry;
	const struct handle victim = half_opens_victim(&s->half_opens, s->rng, proven);

	if (handle_is_none(victim))
		return NULL;
	responder_drop(s, victim);
	s->counters.half_open_evicted++;
	return half_opens_add(&s->half_opens, ret);
}

/* Reads M0 into a new run and writes the M1 that answers it, now and when M0 is repeated. */
static int make_m1(struct sessions *s, const struct question *question, struct half_open *entry)
{
	const struct run_claims claims = { .has_observed = question->carrier->has_observed,
					   .observed = question->carrier->observed };
	struct writer w = writer_of(entry->m1, sizeof(entry->m1));

	run_init(&entry->run, &s->self,
		 &(struct run_terms){ .initiator = false,
				      .suite = question->suite,
				      .epoch = question->epoch->number,
				      .psk = question->epoch->psk,
				      .target = question->m0.target });
	int err = run_read_m0(&entry->run, &question->m0.words);

	if (err != 0)
		return err;
	handshake_m1_head_encode(entry->remote_index, entry->local_index, &w);
	err = run_write_m1(&entry->run, &s->self, &claims, s->entropy, &w);
	if (err != 0)
		return err;
	if (question->carrier->carriage == HANDSHAKE_RAW) {
		uint8_t mac1[HANDSHAKE_MAC_BYTES];

		make_mac1(entry->epoch, writer_span(&w), run_initiator_ephemeral(&entry->run),
			  mac1);
		writer_bytes(&w, mac1, sizeof(mac1));
	}
	CHECK(writer_ok(&w));
	entry->m1_len = (uint16_t)w.len;
	entry->m1_pending = true;
	return 0;
}

static int open_half(struct sessions *s, struct now now, const struct question *question)
{
	struct handle handle;
	struct half_open *entry = NULL;

	if (sessions_reserve(s) == 0)
		entry = take_place(s, question->proven, &handle);
	if (entry == NULL) {
		s->counters.m0_table_full++;
		return ERR_FULL;
	}
	entry->epoch = question->epoch;
	entry->target = question->m0.target;
	entry->carrier = *question->carrier;
	entry->proven = question->proven;
	entry->began = ++s->events;
	entry->expiry = mono_add_ms(now.mono, SESSION_HALF_OPEN_LIFETIME_MS);
	entry->remote_index = question->m0.sender;
	entry->local_index = sessions_take_index(s, VALUE_HALF_OPEN | handle.index);
	memcpy(entry->m0_hash, question->hash, sizeof(entry->m0_hash));
	CHECK(map_put(&s->by_m0, entry->m0_hash, VALUE_HALF_OPEN | handle.index) == 0);
	const int err = make_m1(s, question, entry);

	if (err != 0) {
		responder_drop(s, handle);
		s->counters.m0_bad_form++;
		return err;
	}
	half_opens_schedule(&s->half_opens, handle);
	return 0;
}

/* The half-open handshake that a value of the two maps stands for. */
static struct half_open *half_open_at(const struct sessions *s, uint32_t value, struct handle *ret)
{
	struct half_open *entry = pool_slot(&s->half_opens.pool, value & ~VALUE_HALF_OPEN, ret);

	CHECK(entry != NULL);
	return entry;
}

/* True if the value stands for a half-open handshake whose time is over, which ends it: a message
 * may come before anybody has polled. */
static bool is_over(struct sessions *s, struct now now, uint32_t value)
{
	struct handle handle;

	if ((value & VALUE_HALF_OPEN) == 0 ||
	    !mono_reached(now.mono, half_open_at(s, value, &handle)->expiry))
		return false;
	responder_drop(s, handle);
	return true;
}

/* An M0 that was answered already: the same M1 again, to where this one came from. Over the overlay
 * an M1 is longer than its M0, so there it costs the link what a new handshake would. */
static int answer_again(struct sessions *s, struct now now, const struct carrier *carrier,
			uint32_t value)
{
	struct handle handle;
	struct half_open *entry;

	s->counters.m0_repeated++;
	if ((value & VALUE_HALF_OPEN) == 0)
		return ERR_REPLAY; /* its session stands: the initiator has had M1 */
	if (carrier->carriage == HANDSHAKE_CARRIED &&
	    !SECCHECK(SEC_M0_REPEAT_RATE,
		      limiter_allow(&s->links, now.mono,
				    span_of(carrier->source, sizeof(carrier->source))))) {
		s->counters.m0_rate_limited++;
		return ERR_FULL;
	}
	entry = half_open_at(s, value, &handle);
	entry->carrier = *carrier;
	entry->m1_pending = true;
	half_opens_schedule(&s->half_opens, handle);
	return 0;
}

int responder_m0(struct sessions *s, struct now now, const struct carrier *carrier,
		 struct span bytes)
{
	struct question question = { .carrier = carrier, .bytes = bytes };
	uint32_t value;

	s->counters.m0_received++;
	int err = judge_form(s, &question);

	if (err != 0)
		return err;
	const struct span fields =
		carrier->carriage == HANDSHAKE_RAW ? question.macs.covered_by_mac1 : bytes;

	hash_sha256(&fields, 1, question.hash);
	if (map_get(&s->by_m0, question.hash, &value) && !is_over(s, now, value))
		return answer_again(s, now, carrier, value);
	err = judge_source(s, now, &question);
	return err != 0 ? err : open_half(s, now, &question);
}

/* The session that a verified M2 makes takes over what the half-open handshake had. */
static struct session *promote(struct sessions *s, struct now now, struct handle handle,
			       const struct run_peer *peer)
{
	struct half_open *entry = pool_at(&s->half_opens.pool, handle);
	struct handle self;
	struct session *session = pool_take(&s->pool, &self);
	struct noise_keys made;

	CHECK(session != NULL);
	session->self = self;
	session->began = entry->began;
	session->target = entry->target;
	session->suite = entry->run.noise.suite;
	session->epoch = entry->epoch->number;
	memcpy(session->initiator_ephemeral, run_initiator_ephemeral(&entry->run).data,
	       NOISE_KEY_BYTES);
	session->has_peer = true;
	session->peer = *peer;
	memcpy(session->m0_hash, entry->m0_hash, sizeof(session->m0_hash));

	struct key_set *set = keys_add(&session->keys, now.mono);

	CHECK(set != NULL); /* the first */
	set->local_index = entry->local_index;
	set->remote_index = entry->remote_index;
	noise_split(&entry->run.noise, &made);
	memcpy(set->send_key, made.responder_to_initiator, AEAD_KEY_BYTES);
	memcpy(set->receive_key, made.initiator_to_responder, AEAD_KEY_BYTES);
	memcpy(session->rekey.psk, made.exported, HASH_BYTES);
	secret_wipe(&made, sizeof(made));
	CHECK(map_put(&s->by_index, &set->local_index, self.index) == 0);
	CHECK(map_put(&s->by_m0, session->m0_hash, self.index) == 0);
	half_opens_remove(&s->half_opens, handle);
	return session;
}

/* M2 of a session that stands: the initiator has not heard from us yet. */
static int m2_again(struct sessions *s, struct session *session, struct span bytes)
{
	uint8_t hash[HASH_BYTES];

	hash_sha256(&bytes, 1, hash);
	if (session->initiator ||
	    !SECCHECK(SEC_M2_REPEAT, secret_equal(hash, session->m2_hash, sizeof(hash)))) {
		s->counters.m2_refused++;
		return ERR_STALE;
	}
	s->counters.m2_repeated++;
	if (session->state == STATE_ESTABLISHED || session->state == STATE_REPLACED)
		session->pending |= PENDING_EMPTY;
	session_schedule(s, session);
	return ERR_REPLAY;
}

/* What costs little: 0, or why the M2 is refused. */
static int judge_m2_form(const struct half_open *entry, const struct carrier *carrier,
			 struct span bytes, struct handshake_m2 *ret)
{
	struct handshake_macs macs;

	if (!SECCHECK(SEC_M2_CARRIAGE, entry->carrier.carriage == carrier->carriage))
		return ERR_STALE;
	if (carrier->carriage == HANDSHAKE_RAW &&
	    (handshake_macs_find(bytes, &macs) != 0 ||
	     !SECCHECK(SEC_M2_MAC1,
		       mac1_is_right(entry->epoch, &macs, run_responder_ephemeral(&entry->run)))))
		return ERR_AUTH;
	return handshake_m2_decode(bytes, carrier->carriage, ret);
}

int responder_m2(struct sessions *s, struct now now, const struct carrier *carrier,
		 struct span bytes)
{
	const uint32_t index = handshake_receiver(bytes);
	struct session *session = sessions_find(s, index);
	struct run_peer peer = { 0 };
	struct handshake_m2 m2;
	struct handle handle;
	uint32_t value;

	if (session != NULL)
		return m2_again(s, session, bytes);
	if (index == 0 || !map_get(&s->by_index, &index, &value) || is_over(s, now, value)) {
		s->counters.m2_refused++;
		return ERR_STALE;
	}
	struct half_open *entry = half_open_at(s, value, &handle);
	int err = judge_m2_form(entry, carrier, bytes, &m2);

	if (err == 0)
		err = sessions_make_room(s); /* perhaps there is some when it is repeated */
	if (err == 0)
		err = run_read_answer(&entry->run, &s->self, now.wall, &m2.words, &peer);
	if (err != 0) {
		s->counters.m2_refused++;
		if (entry->run.other_end_spoke)
			responder_drop(s, handle); /* it is no member; nobody else can say this */
		return err;
	}
	session = promote(s, now, handle, &peer);
	session->carrier = *carrier;
	hash_sha256(&bytes, 1, session->m2_hash);
	session_set_state(s, session, now, STATE_ASKING, "M2 verified");
	session->end = mono_add_ms(now.mono, SESSION_DIAL_LIFETIME_MS);
	session->asked = true;
	session->pending = PENDING_ASK;
	session_schedule(s, session);
	return 0;
}

void responder_allowed(struct sessions *s, struct session *session, struct now now)
{
	struct key_set *set = keys_first(&session->keys, KEY_SET_HELD);

	CHECK(set != NULL);
	set->state = KEY_SET_FRESH;
	session->keys.sending = set;
	/* The empty packet tells the initiator that we have the keys. */
	session->pending |= PENDING_SEND_WITH | PENDING_EMPTY;
	session_stand(s, session, now);
	session_establish(s, session, now);
}
