/* session.c - see session.h; session_internal.h says what is where. */
#include "session/session.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"
#include "session/session_initiator.h"
#include "session/session_internal.h"
#include "session/session_output.h"
#include "session/session_rekey.h"
#include "session/session_responder.h"

#include <stdlib.h>

static int init_limiters(struct sessions *s)
{
	struct limiter *const limiters[] = { &s->unproven, &s->proven, &s->links };

	for (size_t i = 0; i < sizeof(limiters) / sizeof(limiters[0]); i++) {
		uint8_t key[MAC_KEY_BYTES];

		rng_bytes(s->rng, key, sizeof(key));
		const int err = limiter_init(limiters[i], key);

		if (err != 0)
			return err;
	}
	return 0;
}

static void init_tables(struct sessions *s, uint32_t sessions_max)
{
	const uint32_t dials = sessions_max < SESSION_DIALS_MAX ? sessions_max : SESSION_DIALS_MAX;
	/* Of each session: the index of its dial or rekey to come, and of each key set. */
	const uint32_t indices = SESSION_HALF_OPEN_MAX + sessions_max * (KEYS_SETS_MAX + 1);

	CHECK(sessions_max > 0 && sessions_max < VALUE_HALF_OPEN / (KEYS_SETS_MAX + 2));
	pool_init(&s->pool, sessions_max, sizeof(struct session));
	pool_init(&s->dials, dials, sizeof(struct dial));
	half_opens_init(&s->half_opens);
	map_init(&s->by_index, s->rng, indices, sizeof(uint32_t));
	map_init(&s->by_m0, s->rng, SESSION_HALF_OPEN_MAX + sessions_max, HASH_BYTES);
}

static int init_self(struct sessions *s, const struct session_config *config)
{
	uint8_t secret[NOISE_KEY_BYTES];

	s->self.key = config->key;
	s->self.trust = config->trust;
	s->self.certificate = *config->certificate;
	s->self.capabilities = config->capabilities;
	entropy_bytes(s->entropy, secret, sizeof(secret));
	const int err = noise_keypair(secret, &s->self.noise_static);

	secret_wipe(secret, sizeof(secret));
	return err;
}

int sessions_new(const struct session_config *config, struct entropy *entropy, struct rng *rng,
		 struct trace *trace, struct sessions **ret)
{
	struct sessions *s = calloc(1, sizeof(*s));
	int err;

	if (s == NULL)
		return ERR_NOMEM;
	s->suites = config->suites;
	s->entropy = entropy;
	s->rng = rng;
	s->trace = trace;
	s->answer_queue = queue_of(ANSWERS_MAX);
	init_tables(s, config->sessions_max);
	if ((err = init_limiters(s)) != 0 ||
	    (err = network_init(&s->network, config->trust, &config->certificate->id,
				config->secrets)) != 0 ||
	    (err = init_self(s, config)) != 0) {
		sessions_del(s);
		return err;
	}
	*ret = s;
	return 0;
}

void sessions_del(struct sessions *s)
{
	struct handle handle;

	if (s == NULL)
		return;
	for (uint32_t i = 0; i < pool_end(&s->pool); i++) {
		struct session *session = pool_slot(&s->pool, i, &handle);

		if (session != NULL)
			secret_wipe(session, sizeof(*session));
	}
	for (uint32_t i = 0; i < pool_end(&s->dials); i++) {
		struct dial *dial = pool_slot(&s->dials, i, &handle);

		if (dial != NULL)
			secret_wipe(dial, sizeof(*dial));
	}
	half_opens_free(&s->half_opens);
	network_free(&s->network);
	limiter_free(&s->unproven);
	limiter_free(&s->proven);
	limiter_free(&s->links);
	map_free(&s->by_index);
	map_free(&s->by_m0);
	alarms_free(&s->alarms);
	pool_free(&s->dials);
	pool_free(&s->pool);
	secret_wipe(s, sizeof(*s));
	free(s);
}

static void drop_half_opens(struct sessions *s)
{
	struct handle handle;

	for (uint32_t i = 0; i < pool_end(&s->half_opens.pool); i++) {
		if (pool_slot(&s->half_opens.pool, i, &handle) != NULL)
			responder_drop(s, handle);
	}
}

int sessions_renew(struct sessions *s, const struct certificate *certificate,
		   const struct session_secret secrets[SESSION_EPOCHS_MAX])
{
	struct network network;
	int err;

	CHECK(id_equal(&certificate->id, &s->self.certificate.id));
	if (secrets != NULL) {
		err = network_init(&network, s->self.trust, &certificate->id, secrets);
		if (err != 0) {
			network_free(&network);
			return err;
		}
		drop_half_opens(s); /* they borrow from what goes */
		network_free(&s->network);
		s->network = network;
		secret_wipe(&network, sizeof(network));
	}
	s->self.certificate = *certificate;
	return 0;
}

void sessions_set_capabilities(struct sessions *s, uint32_t capabilities)
{
	s->self.capabilities = capabilities;
}

static void drop_all(struct sessions *s, struct now now, const struct session_reason *reason)
{
	struct handle handle;

	for (uint32_t i = 0; i < pool_end(&s->pool); i++) {
		struct session *session = pool_slot(&s->pool, i, &handle);

		if (session != NULL)
			session_silence(s, session, now, reason);
	}
	drop_half_opens(s);
	cookies_reset(&s->cookies);
	s->answer_queue = queue_of(ANSWERS_MAX);
	s->counters.snapshots++;
}

void sessions_snapshot(struct sessions *s, struct now now)
{
	static const struct session_reason reason = {
		.err = ERR_STALE,
		.text = "the kernel says that this machine is a copy, resumed from a snapshot"
	};

	drop_all(s, now, &reason);
}

/* Every call with a time comes by here first: a resumed copy must not use a key once more. */
static void guard(struct sessions *s, struct now now)
{
	static const struct session_reason reason = {
		.err = ERR_STALE,
		.text = "the clock jumped: this may be a copy of a machine, resumed from a snapshot"
	};
	const int64_t offset = now_offset_us(now);
	const int64_t moved = s->has_offset ? offset - s->offset_us : 0;

	s->has_offset = true;
	s->offset_us = offset;
	if (!SECCHECK(SEC_SNAPSHOT,
		      moved <= SESSION_SNAPSHOT_DRIFT_US && moved >= -SESSION_SNAPSHOT_DRIFT_US))
		drop_all(s, now, &reason);
}

int sessions_dial(struct sessions *s, struct now now, const struct target *target,
		  const struct carrier *carrier, struct handle *ret_session)
{
	guard(s, now);
	return initiator_dial(s, now, target, carrier, ret_session);
}

int sessions_handshake(struct sessions *s, struct now now, const struct carrier *carrier,
		       struct span bytes)
{
	guard(s, now);
	switch (datagram_type(bytes)) {
	case DATAGRAM_M0:
		return responder_m0(s, now, carrier, bytes);
	case DATAGRAM_M1:
		return initiator_m1(s, now, carrier, bytes);
	case DATAGRAM_M2:
		return responder_m2(s, now, carrier, bytes);
	case DATAGRAM_COOKIE:
		return initiator_cookie(s, now, carrier, bytes);
	case DATAGRAM_VERSION:
		return initiator_version(s, now, carrier, bytes);
	default:
		s->counters.others_refused++;
		return ERR_MALFORMED;
	}
}

/* What becomes of a session that the peer ends, as people get to read it. */
static const char *close_text(uint8_t reason)
{
	if (reason == FRAME_CLOSE_DENIED)
		return "the peer's policy denies us";
	if (reason == FRAME_CLOSE_DOUBLE)
		return "another machine runs with this host's key";
	return reason == FRAME_CLOSE_SHUTDOWN ? "the peer said goodbye" : "the peer closed";
}

static int take_close(struct sessions *s, struct session *session, struct now now,
		      struct span payload)
{
	struct frame_close close;

	if (frame_close_decode(payload, &close) != 0)
		return ERR_MALFORMED;
	session_close(s, session, now,
		      &(struct session_reason){ .close = close.reason,
						.remote = true,
						.text = close_text(close.reason) },
		      false);
	return 0;
}

/* A frame that was opened under keys of this session, which therefore stands. */
static int take_frame(struct sessions *s, struct session *session, struct now now, uint8_t kind,
		      struct span payload)
{
	switch (kind) {
	case FRAME_REKEY:
		return rekey_request(s, session, now, payload);
	case FRAME_REKEY_ACK:
		return rekey_ack(s, session, now, payload);
	case FRAME_REKEY_WANTED:
		return rekey_wanted(session, payload);
	case FRAME_CLOSE:
		return take_close(s, session, now, payload);
	default:
		return ERR_UNSUPPORTED;
	}
}

int sessions_frame(struct sessions *s, struct now now, struct handle handle, uint8_t kind,
		   struct span payload)
{
	struct session *session;
	int err = ERR_STALE;

	guard(s, now);
	session = pool_at(&s->pool, handle);
	if (session != NULL && session->stood != 0 && session->state != STATE_CLOSED)
		err = take_frame(s, session, now, kind, payload);
	if (session != NULL)
		session_schedule(s, session);
	if (err != 0)
		s->counters.frames_refused++;
	return err;
}

void sessions_used(struct sessions *s, struct now now, uint32_t local_index, enum session_use use,
		   uint64_t count)
{
	struct session *session;
	struct key_set *set;

	guard(s, now);
	session = sessions_find(s, local_index);
	set = session == NULL ? NULL : keys_find(&session->keys, local_index);
	if (set == NULL || set->state == KEY_SET_HELD || session->state == STATE_CLOSED)
		return;
	switch (use) {
	case SESSION_USE_OPENED:
		initiator_confirmed(s, session, now);
		rekey_confirmed(session, set);
		break;
	case SESSION_USE_IP:
		set->first_ip = mono_min(set->first_ip, now.mono);
		break;
	case SESSION_USE_SENT:
		if (count > set->sent)
			set->sent = count;
		break;
	}
	session_schedule(s, session);
}

void sessions_answer(struct sessions *s, struct now now, struct handle handle, bool allowed)
{
	static const struct session_reason denied = { .err = ERR_DENIED,
						      .close = FRAME_CLOSE_DENIED,
						      .text = "policy does not admit the peer" };
	struct session *session;

	guard(s, now);
	session = pool_at(&s->pool, handle);
	if (session == NULL || !session->asked)
		return;
	session->asked = false;
	session->pending &= ~(uint32_t)PENDING_ASK;
	if (!SECCHECK(SEC_POLICY, allowed))
		session_close(s, session, now, &denied, true);
	else if (session->state == STATE_ESTABLISHED)
		rekey_allowed(s, session, now);
	else if (session->initiator)
		initiator_allowed(s, session, now);
	else
		responder_allowed(s, session, now);
	session_schedule(s, session);
}

/* What becomes of one that is ended here. Who is dialled no longer, or was heard no more, is closed
 * as idle. */
static const char *own_close_text(const struct session *session, enum frame_close_reason reason)
{
	switch (reason) {
	case FRAME_CLOSE_REPLACED:
		return "another session with this peer took its place";
	case FRAME_CLOSE_DENIED:
		return "policy does not admit the peer";
	case FRAME_CLOSE_IDLE:
		return session->stood != 0 ? "stopped answering" : err_text(ERR_TIMEOUT);
	case FRAME_CLOSE_UNNEEDED:
		return "in reserve, neither side needs the other now";
	case FRAME_CLOSE_DOUBLE:
		return "two machines have its key";
	case FRAME_CLOSE_SHUTDOWN:
		break;
	}
	return "closed by us"; /* this host ends, and nobody asks it any more */
}

void sessions_close(struct sessions *s, struct now now, struct handle handle,
		    enum frame_close_reason reason)
{
	struct session *session;

	guard(s, now);
	session = pool_at(&s->pool, handle);
	if (session == NULL)
		return;
	session_close(s, session, now,
		      &(struct session_reason){ .close = (uint8_t)reason,
						.text = own_close_text(session, reason) },
		      session->stood != 0);
}

void sessions_set_crl_number(struct sessions *s, uint64_t crl_number)
{
	s->self.crl_number = crl_number;
}

/* What half-open handshakes have to say; those that expired go. */
static bool poll_half_opens(struct sessions *s, struct now now, struct session_output *ret)
{
	uint32_t place;

	while (pool_count(&s->half_opens.pool) > 0 &&
	       mono_reached(now.mono, alarms_first(&s->half_opens.alarms, &place))) {
		struct handle handle;
		struct half_open *entry = pool_slot(&s->half_opens.pool, place, &handle);

		CHECK(entry != NULL);
		if (mono_reached(now.mono, entry->expiry)) {
			responder_drop(s, handle);
			continue;
		}
		output_m1(entry, ret);
		half_opens_schedule(&s->half_opens, handle);
		return true;
	}
	return false;
}

static bool poll_sessions(struct sessions *s, struct now now, struct session_output *ret)
{
	uint32_t place;

	while (pool_count(&s->pool) > 0 &&
	       mono_reached(now.mono, alarms_first(&s->alarms, &place))) {
		struct handle handle;
		struct session *session = pool_slot(&s->pool, place, &handle);

		CHECK(session != NULL);
		session_tick(s, session, now);
		if (!output_session(s, session, ret)) {
			session_schedule(s, session);
			continue;
		}
		if (pool_at(&s->pool, handle) != NULL)
			session_schedule(s, session);
		return true;
	}
	return false;
}

bool sessions_poll(struct sessions *s, struct now now, struct session_output *ret)
{
	guard(s, now);
	return poll_sessions(s, now, ret) || poll_half_opens(s, now, ret) || output_answer(s, ret);
}

struct mono sessions_deadline(const struct sessions *s)
{
	uint32_t place;

	if (!queue_is_empty(&s->answer_queue))
		return (struct mono){ 0 };
	return mono_min(alarms_first(&s->alarms, &place),
			alarms_first(&s->half_opens.alarms, &place));
}

bool sessions_awaits(const struct sessions *s, struct handle dial, uint32_t sender)
{
	const struct session *session = pool_at(&s->pool, dial);

	return session != NULL && session->state == STATE_DIALLING && session->index == sender;
}

bool sessions_is_answered(const struct sessions *s, struct handle dial)
{
	const struct session *session = pool_at(&s->pool, dial);

	return session != NULL && session->state != STATE_DIALLING;
}

void sessions_hasten(struct sessions *s, struct now now, struct handle handle)
{
	struct session *session;
	struct dial *dial;

	guard(s, now);
	session = pool_at(&s->pool, handle);
	if (session == NULL || session->state != STATE_DIALLING)
		return;
	dial = session_dial(s, session);
	const uint64_t wait_ms = (uint64_t)SESSION_HASTE_MS * dial->repeats;

	dial->resend = mono_min(dial->resend, mono_add_ms(dial->sent, wait_ms));
	session_schedule(s, session);
}

void sessions_redirect(struct sessions *s, struct now now, struct handle handle,
		       const struct carrier *carrier)
{
	struct session *session;

	guard(s, now);
	session = pool_at(&s->pool, handle);
	if (session != NULL && session->state == STATE_DIALLING &&
	    session->carrier.carriage == HANDSHAKE_CARRIED &&
	    carrier->carriage == HANDSHAKE_CARRIED)
		initiator_redirect(s, session, now, carrier);
}

struct session_counters sessions_counters(const struct sessions *s)
{
	struct session_counters counters = s->counters;

	counters.half_open = pool_count(&s->half_opens.pool);
	counters.sessions = pool_count(&s->pool);
	counters.timers = s->alarms.count + s->half_opens.alarms.count;
	return counters;
}
