/* session_initiator.c - see session_initiator.h.
 *
 * Whatever is wrong with an answer, the dial goes on: anybody who has seen M0 on its way can answer
 * it first, and must not be able to end it. Why an answer was refused is remembered and told if no
 * better one comes in time.
 */
#include "session/session_initiator.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"

#define FIRST_RESEND_MS 400      /* then session_state.c: each 700 */
#define EPOCH_SHARE 3            /* M0s that name an epoch, before the other one has its turn */
#define VERSION_PATIENCE_MS 3000 /* for an M1, after somebody said that versions differ */
#define SUITES_BITS 32           /* of the mask in VERSION */

static void put_m0_head(const struct session *session, struct writer *w)
{
	handshake_m0_head_encode(&(struct handshake_m0){ .version = HANDSHAKE_VERSION,
							 .suite = (uint8_t)session->suite->id,
							 .epoch = session->epoch,
							 .sender = session->index,
							 .target = session->target },
				 session->carrier.carriage, w);
}

/* Draws a new ephemeral key and makes the part of M0 that stays the same when it is repeated. */
static int start_run(struct sessions *s, struct session *session, struct dial *dial)
{
	const struct network_epoch *epoch = network_epoch(&s->network, session->epoch);
	uint8_t bytes[HANDSHAKE_CARRIED_M0_BYTES]; /* a raw one is shorter up to its macs */
	struct writer w = writer_of(bytes, sizeof(bytes));

	if (epoch == NULL) { /* it ended since the first try */
		epoch = &s->network.epochs[0];
		session->epoch = epoch->number;
	}
	run_init(&dial->run, &s->self,
		 &(struct run_terms){ .initiator = true,
				      .suite = session->suite,
				      .epoch = epoch->number,
				      .psk = epoch->psk,
				      .target = session->target });
	put_m0_head(session, &w);
	const int err = run_write_m0(&dial->run, s->entropy, &w);

	if (err != 0)
		return err;
	const struct span covered = writer_span(&w);

	CHECK(writer_ok(&w) && w.len > sizeof(dial->m0_noise));
	memcpy(dial->m0_noise, bytes + w.len - sizeof(dial->m0_noise), sizeof(dial->m0_noise));
	memcpy(session->initiator_ephemeral, run_initiator_ephemeral(&dial->run).data,
	       NOISE_KEY_BYTES);
	if (session->suite->id < SUITES_BITS)
		dial->suites_tried |= UINT32_C(1) << session->suite->id;
	if (session->carrier.carriage == HANDSHAKE_CARRIED)
		return 0;
	CHECK(covered.len == HANDSHAKE_M0_COVERED_BYTES);
	network_mac1_key(&s->network, epoch, &session->target.id, dial->mac1_key);
	return mac_once(dial->mac1_key, &covered, 1, dial->m0_mac1);
}

void initiator_encode_m0(const struct sessions *s, const struct session *session, struct writer *w)
{
	const struct dial *dial = session_dial(s, session);
	const bool raw = session->carrier.carriage == HANDSHAKE_RAW;
	uint8_t mac2[HANDSHAKE_MAC_BYTES] = { 0 };

	put_m0_head(session, w);
	writer_bytes(w, dial->m0_noise, sizeof(dial->m0_noise));
	if (!raw)
		return;
	writer_bytes(w, dial->m0_mac1, sizeof(dial->m0_mac1));
	if (dial->has_cookie)
		(void)cookie_mac2(dial->cookie, writer_span(w), mac2); /* zeros: asks again */
	writer_bytes(w, mac2, sizeof(mac2));
	writer_zero(w, HANDSHAKE_M0_BYTES - w->len);
}

static bool may_dial(const struct sessions *s, const struct target *target,
		     const struct carrier *carrier)
{
	if (carrier->carriage == HANDSHAKE_RAW && target->kind != TARGET_EXACT)
		return false;
	return target->kind != TARGET_EXACT || !id_equal(&target->id, &s->self.certificate.id);
}

int initiator_dial(struct sessions *s, struct now now, const struct target *target,
		   const struct carrier *carrier, struct handle *ret)
{
	struct session *session;
	struct dial *dial;
	struct handle self;
	struct handle dial_handle;

	if (!may_dial(s, target, carrier))
		return ERR_UNSUPPORTED;
	const int full = sessions_make_room(s);

	if (full != 0)
		return full;
	session = pool_take(&s->pool, &self);
	CHECK(session != NULL);
	dial = pool_take(&s->dials, &dial_handle);
	if (dial == NULL) {
		pool_give(&s->pool, self);
		return ERR_FULL;
	}
	session->self = self;
	session->initiator = true;
	session->began = ++s->events;
	session->target = *target;
	session->carrier = *carrier;
	session->suite = s->suites;
	session->epoch = s->network.epochs[0].number;
	session->dial = dial_handle;
	dial->under_epoch = 1;
	dial->epoch_share = EPOCH_SHARE;
	session->index = sessions_take_index(s, self.index);
	const int err = start_run(s, session, dial);

	if (err != 0) {
		pool_give(&s->dials, dial_handle);
		session_remove(s, session);
		return err;
	}
	session_set_state(s, session, now, STATE_DIALLING, "dialled");
	session->end = mono_add_ms(now.mono, SESSION_DIAL_LIFETIME_MS);
	sessions_repeat_after(s, dial, now.mono, FIRST_RESEND_MS);
	session->pending = PENDING_HANDSHAKE;
	session_schedule(s, session);
	*ret = self;
	return 0;
}

void initiator_redirect(struct sessions *s, struct session *session, struct now now,
			const struct carrier *carrier)
{
	struct dial *dial = session_dial(s, session);

	session->carrier = *carrier;
	dial->repeats = 0;
	sessions_repeat_after(s, dial, now.mono, FIRST_RESEND_MS);
	session->pending |= PENDING_HANDSHAKE;
	session_schedule(s, session);
}

/* While a secret is handed on, one member has the next one already and another has not: who has not
 * drops what names it without a word. So a dial names one epoch and then the other, each for twice
 * as long as before, for an answer to what was named last may be slow. */
void initiator_change_epoch(struct sessions *s, struct session *session, struct now now)
{
	const struct session_reason failed = { .err = ERR_CRYPTO, .text = err_text(ERR_CRYPTO) };
	const struct network *network = &s->network;
	struct dial *dial = session_dial(s, session);

	if (network->count < 2 || dial->under_epoch++ < dial->epoch_share)
		return;
	if (session->epoch == network->epochs[0].number) {
		session->epoch = network->epochs[1].number;
	} else {
		session->epoch = network->epochs[0].number;
		dial->epoch_share *= 2;
	}
	dial->under_epoch = 1;
	dial->has_cookie = false;
	run_wipe(&dial->run);
	if (start_run(s, session, dial) != 0)
		session_close(s, session, now, &failed, false);
}

/* The dial that a message answers in time, if it came the way the dial went. */
static struct session *find_dialling(const struct sessions *s, struct now now,
				     const struct carrier *carrier, struct span bytes)
{
	struct session *session = sessions_find(s, handshake_receiver(bytes));

	if (session == NULL || session->state != STATE_DIALLING ||
	    mono_reached(now.mono, session->end) ||
	    !SECCHECK(SEC_ANSWER_CARRIAGE, session->carrier.carriage == carrier->carriage))
		return NULL;
	return session;
}

/* mac1 of an answer also covers a part of the M0 that it answers. Carried messages have none. */
static bool mac1_is_right(const struct dial *dial, const struct carrier *carrier, struct span bytes,
			  struct span answered)
{
	struct handshake_macs macs;
	uint8_t mac1[HANDSHAKE_MAC_BYTES];

	if (carrier->carriage == HANDSHAKE_CARRIED)
		return true;
	if (handshake_macs_find(bytes, &macs) != 0)
		return false;
	const struct span parts[] = { macs.covered_by_mac1, answered };

	return mac_once(dial->mac1_key, parts, 2, mac1) == 0 &&
	       secret_equal(mac1, macs.mac1.data, sizeof(mac1));
}

/* True if `other` stands, with the peer that this dial has found. */
static bool stands_beside(const struct session *other, const struct session *dialled)
{
	return other != NULL && other->stood != 0 && other->state != STATE_CLOSED &&
	       id_equal(&other->peer.certificate.id, &dialled->peer.certificate.id);
}

/* A session with that peer that came to stand after the dial began, or NULL. */
static const struct session *standing_since(const struct sessions *s, const struct session *dialled)
{
	for (uint32_t i = 0; i < pool_end(&s->pool); i++) {
		struct handle handle;
		const struct session *other = pool_slot(&s->pool, i, &handle);

		if (stands_beside(other, dialled) && other->stood > dialled->began)
			return other;
	}
	return NULL;
}

/* The names of those that stood when it began: it succeeds them (session_pair.h). */
static void name_succeeded(const struct sessions *s, const struct session *dialled,
			   struct run_claims *claims)
{
	for (uint32_t i = 0; i < pool_end(&s->pool); i++) {
		struct handle handle;
		const struct session *other = pool_slot(&s->pool, i, &handle);

		if (!stands_beside(other, dialled) || other->stood > dialled->began ||
		    claims->succeeds_len == sizeof(claims->succeeds))
			continue;
		memcpy(claims->succeeds + claims->succeeds_len, other->initiator_ephemeral,
		       HANDSHAKE_NAME_BYTES);
		claims->succeeds_len += HANDSHAKE_NAME_BYTES;
	}
}

static void drop_superfluous(struct sessions *s, struct session *session, struct now now,
			     const struct session *other)
{
	static const struct session_reason reason = {
		.close = FRAME_CLOSE_REPLACED, .text = "a session with this peer stood up meanwhile"
	};

	session_close(s, session, now, &reason, false);
	session->replaced_by = other->self;
	session->pending |= PENDING_REPLACED;
}

static int refuse_m1(struct sessions *s, struct dial *dial, int err)
{
	s->counters.m1_refused++;
	if (err != ERR_MALFORMED) {
		dial->refused = err;
		dial->refused_text = err_text(err);
	}
	return err;
}

int initiator_m1(struct sessions *s, struct now now, const struct carrier *carrier,
		 struct span bytes)
{
	struct session *session = find_dialling(s, now, carrier, bytes);
	struct handshake_m1 m1;
	struct run_peer peer = { 0 };

	if (session == NULL) {
		s->counters.others_refused++;
		return ERR_STALE;
	}
	struct dial *dial = session_dial(s, session);

	if (!SECCHECK(SEC_M1_MAC1,
		      mac1_is_right(dial, carrier, bytes, run_initiator_ephemeral(&dial->run)))) {
		s->counters.m1_refused++;
		return ERR_AUTH;
	}
	int err = handshake_m1_decode(bytes, carrier->carriage, &m1);

	if (err == 0)
		err = run_read_answer(&dial->run, &s->self, now.wall, &m1.words, &peer);
	if (err != 0)
		return refuse_m1(s, dial, err);
	session->peer = peer;
	session->has_peer = true;
	/* Not its source, which anybody can forge who copied M1: what we send goes where we
	 * dialled, and a peer that answers from elsewhere is followed once its packets come from
	 * there. */
	if (carrier->carriage == HANDSHAKE_CARRIED)
		session->carrier = *carrier; /* what was dialled may be no member's whole id */
	session->carrier.has_observed = carrier->has_observed;
	session->carrier.observed = carrier->observed;
	dial->remote_index = m1.sender;
	session_set_state(s, session, now, STATE_ASKING, "M1 verified");

	const struct session *other = standing_since(s, session);

	if (other != NULL) { /* it makes this dial superfluous: session_pair.h */
		drop_superfluous(s, session, now, other);
		return 0;
	}
	session->asked = true;
	session->pending = PENDING_ASK;
	session_schedule(s, session);
	return 0;
}

/* M2, to be sent until it is confirmed, and the keys: 0 or ERR_CRYPTO. */
static int make_m2(struct sessions *s, struct session *session, struct dial *dial)
{
	struct run_claims claims = { .has_observed = session->carrier.has_observed,
				     .observed = session->carrier.observed };
	struct writer w = writer_of(dial->m2, sizeof(dial->m2));

	name_succeeded(s, session, &claims);
	handshake_m2_head_encode(dial->remote_index, &w);
	int err = run_write_m2(&dial->run, &s->self, &claims, &w);

	if (err == 0 && session->carrier.carriage == HANDSHAKE_RAW) {
		const struct span parts[] = { writer_span(&w),
					      run_responder_ephemeral(&dial->run) };
		uint8_t mac1[HANDSHAKE_MAC_BYTES];

		err = mac_once(dial->mac1_key, parts, 2, mac1);
		writer_bytes(&w, mac1, sizeof(mac1));
	}
	CHECK(err != 0 || writer_ok(&w));
	dial->m2_len = (uint16_t)w.len;
	dial->repeats = 0;
	return err;
}

void initiator_allowed(struct sessions *s, struct session *session, struct now now)
{
	struct dial *dial = session_dial(s, session);
	struct key_set *set;
	struct noise_keys made;

	if (make_m2(s, session, dial) != 0) {
		session_close(
			s, session, now,
			&(struct session_reason){ .err = ERR_CRYPTO, .text = err_text(ERR_CRYPTO) },
			false);
		return;
	}
	noise_split(&dial->run.noise, &made);
	run_wipe(&dial->run);
	set = keys_add(&session->keys, now.mono);
	CHECK(set != NULL); /* the first */
	set->state = KEY_SET_FRESH;
	set->local_index = session->index;
	set->remote_index = dial->remote_index;
	session->index = 0; /* the keys have it now */
	memcpy(set->send_key, made.initiator_to_responder, AEAD_KEY_BYTES);
	memcpy(set->receive_key, made.responder_to_initiator, AEAD_KEY_BYTES);
	memcpy(session->rekey.psk, made.exported, HASH_BYTES);
	secret_wipe(&made, sizeof(made));
	session->keys.sending = set;
	session_set_state(s, session, now, STATE_CONFIRMING, "policy allows the peer");
	sessions_repeat_after(s, dial, now.mono, FIRST_RESEND_MS);
	session->pending |= PENDING_SEND_WITH | PENDING_HANDSHAKE;
	session_stand(s, session, now);
}

void initiator_confirmed(struct sessions *s, struct session *session, struct now now)
{
	if (session->state != STATE_CONFIRMING)
		return;
	secret_wipe(session_dial(s, session), sizeof(struct dial));
	pool_give(&s->dials, session->dial);
	session->dial = HANDLE_NONE;
	session->pending &= ~(uint32_t)PENDING_HANDSHAKE;
	session_establish(s, session, now);
}

int initiator_cookie(struct sessions *s, struct now now, const struct carrier *carrier,
		     struct span bytes)
{
	struct session *session = find_dialling(s, now, carrier, bytes);
	struct handshake_cookie cookie;

	if (session == NULL || carrier->carriage != HANDSHAKE_RAW ||
	    handshake_cookie_decode(bytes, &cookie) != 0) {
		s->counters.others_refused++;
		return ERR_STALE;
	}
	struct dial *dial = session_dial(s, session);
	const struct cookie_seal seal = { .mac1_key = dial->mac1_key,
					  .mac1 = span_of(dial->m0_mac1, sizeof(dial->m0_mac1)),
					  .nonce = cookie.nonce };
	uint8_t opened[HANDSHAKE_COOKIE_BYTES];
	const int err = cookie_open(&seal, cookie.sealed, opened);

	if (err != 0) {
		s->counters.others_refused++;
		return err;
	}
	/* The first is used at once. Later ones wait for the next M0 that is due, so that a
	 * responder who likes none of them and we do not chase each other. */
	if (!dial->has_cookie) {
		session->pending |= PENDING_HANDSHAKE;
		sessions_repeat_after(s, dial, now.mono, FIRST_RESEND_MS);
	}
	memcpy(dial->cookie, opened, sizeof(opened));
	dial->has_cookie = true;
	session_schedule(s, session);
	return 0;
}

/* The best of our suites that the peer speaks and that was not tried yet, or NULL. */
static const struct suite *other_suite(const struct sessions *s, const struct dial *dial,
				       uint32_t spoken)
{
	for (const struct suite *suite = s->suites; suite->id != SUITE_NONE; suite++) {
		const uint32_t bit = suite->id < SUITES_BITS ? UINT32_C(1) << suite->id : 0;

		if ((spoken & bit & ~dial->suites_tried) != 0)
			return suite;
	}
	return NULL;
}

/* The dial starts again with another suite: 0 or ERR_CRYPTO. */
static int restart(struct sessions *s, struct session *session, struct now now,
		   const struct suite *suite)
{
	struct dial *dial = session_dial(s, session);

	run_wipe(&dial->run);
	session->suite = suite;
	dial->has_cookie = false;
	session->pending |= PENDING_HANDSHAKE;
	sessions_repeat_after(s, dial, now.mono, FIRST_RESEND_MS);
	return start_run(s, session, dial);
}

static const char *why_not(const struct handshake_version *version)
{
	if (version->highest < HANDSHAKE_VERSION)
		return "the other side is too old: it speaks no version that we speak";
	if (version->lowest > HANDSHAKE_VERSION)
		return "this side is too old: the other side speaks newer versions only";
	return "the other side speaks none of our cipher suites";
}

int initiator_version(struct sessions *s, struct now now, const struct carrier *carrier,
		      struct span bytes)
{
	struct session *session = find_dialling(s, now, carrier, bytes);
	struct handshake_version version;
	const struct suite *suite = NULL;
	int err = 0;

	if (session == NULL) {
		s->counters.others_refused++;
		return ERR_STALE;
	}
	struct dial *dial = session_dial(s, session);

	if (!SECCHECK(SEC_VERSION_MAC1,
		      mac1_is_right(dial, carrier, bytes,
				    span_of(dial->m0_mac1, sizeof(dial->m0_mac1)))) ||
	    handshake_version_decode(bytes, carrier->carriage, &version) != 0) {
		s->counters.others_refused++;
		return ERR_AUTH;
	}
	if (version.lowest <= HANDSHAKE_VERSION && version.highest >= HANDSHAKE_VERSION)
		suite = other_suite(s, dial, version.suites);
	if (suite != NULL)
		err = restart(s, session, now, suite);
	if (err != 0) {
		session_close(s, session, now,
			      &(struct session_reason){ .err = err, .text = err_text(err) }, false);
	} else if (suite == NULL) {
		/* Another member may have said it first, and M1 is still on its way. */
		dial->refused = ERR_VERSION;
		dial->refused_text = why_not(&version);
		session->end = mono_min(session->end, mono_add_ms(now.mono, VERSION_PATIENCE_MS));
	}
	session_schedule(s, session);
	return 0;
}
