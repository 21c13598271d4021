/* session_rekey.c - see session_rekey.h. */
#include "session/session_rekey.h"

#include "base/check.h"
#include "base/err.h"
#include "base/seccheck.h"

#define RESEND_MS 1000
#define WANTED_AFTER_MS 5000 /* how late the initiator may be until the responder asks */
#define PROLOGUE_LABEL "IPOP rekey"
#define PROLOGUE_BYTES (10 + 1 + 4)

static const struct session_reason expired = {
	.err = ERR_EXPIRED,
	.close = FRAME_CLOSE_DENIED,
	.text = "the peer's certificate is no longer valid"
};

static void set_rekey_state(struct sessions *s, struct session *session, struct now now,
			    enum rekey_state next)
{
	static const char *const names[REKEY_STATES] = {
		[REKEY_IDLE] = "IDLE",
		[REKEY_SENT] = "SENT",
		[REKEY_ASKING] = "ASKING",
	};
	static const bool allowed[REKEY_STATES][REKEY_STATES] = {
		[REKEY_IDLE] = { [REKEY_SENT] = true, [REKEY_ASKING] = true },
		[REKEY_SENT] = { [REKEY_ASKING] = true, [REKEY_IDLE] = true },
		[REKEY_ASKING] = { [REKEY_IDLE] = true },
	};
	struct rekey *rekey = &session->rekey;

	CHECK(allowed[rekey->state][next]);
	trace_move(s->trace, &(struct trace_record){ .at = now.mono,
						     .machine = "rekey",
						     .index = session->self.index,
						     .from = names[rekey->state],
						     .to = names[next],
						     .why = "" });
	rekey->state = next;
}

/* The initiator's new index is bound: both sides know it before the first Noise byte. */
static void init_noise(const struct session *session, uint32_t initiator_index, struct noise *ret)
{
	uint8_t prologue[PROLOGUE_BYTES];
	struct writer w = writer_of(prologue, sizeof(prologue));

	writer_span_of(&w, span_text(PROLOGUE_LABEL));
	writer_u8(&w, HANDSHAKE_VERSION);
	writer_u32(&w, initiator_index);
	CHECK(writer_ok(&w) && w.len == sizeof(prologue));
	noise_init(ret, &(struct noise_config){ .pattern = NOISE_NNPSK0,
						.suite = session->suite,
						.initiator = session->initiator,
						.prologue = writer_span(&w),
						.psk = session->rekey.psk });
}

/* One message of ours into rekey->frame. */
static int write_message(struct sessions *s, struct session *session, struct noise *noise)
{
	struct frame_rekey *frame = &session->rekey.frame;
	struct writer w = writer_of(frame->noise, sizeof(frame->noise));
	uint8_t secret[NOISE_KEY_BYTES];

	entropy_bytes(s->entropy, secret, sizeof(secret));
	int err = noise_write_keys(noise, secret, &w);

	secret_wipe(secret, sizeof(secret));
	if (err == 0)
		err = noise_write_payload(noise, span_of(NULL, 0), &w);
	frame->crl_number = s->self.crl_number;
	return err;
}

static int read_message(struct noise *noise, const struct frame_rekey *frame)
{
	struct span rest = span_of(frame->noise, sizeof(frame->noise));
	uint8_t nothing[AEAD_TAG_BYTES];
	size_t len;
	const int err = noise_read_keys(noise, &rest);

	return err != 0 ? err : noise_read_payload(noise, rest, nothing, &len);
}

static void start(struct sessions *s, struct session *session, struct now now)
{
	struct rekey *rekey = &session->rekey;

	rekey->next = sessions_soon(s, now.mono, RESEND_MS); /* also if it fails */
	keys_make_room(&session->keys);
	rekey->local_index = sessions_take_index(s, session->self.index);
	rekey->frame.sender = rekey->local_index;
	init_noise(session, rekey->local_index, &rekey->noise);
	if (write_message(s, session, &rekey->noise) != 0) {
		sessions_give_index(s, rekey->local_index);
		rekey->local_index = 0;
		return;
	}
	set_rekey_state(s, session, now, REKEY_SENT);
	session->pending |= PENDING_REKEY;
}

/* When the one whose turn it is may begin. */
static struct mono due(const struct session *session)
{
	const struct rekey *rekey = &session->rekey;
	struct mono at = keys_rekey_due(session->keys.sending);

	if (!session->initiator)
		at = mono_add_ms(at, WANTED_AFTER_MS);
	if (rekey->wanted)
		at = (struct mono){ 0 };
	if (at.us < rekey->pace.us)
		at = rekey->pace;
	return at.us < rekey->next.us ? rekey->next : at;
}

/* True if the responder has answered and waits for the first packet under the new keys. */
static bool is_unconfirmed(const struct session *session)
{
	for (size_t i = 0; i < KEYS_SETS_MAX; i++) {
		const struct key_set *set = &session->keys.sets[i];

		if ((set->state == KEY_SET_LIVE || set->state == KEY_SET_FRESH) &&
		    set->order > session->keys.sending->order)
			return true;
	}
	return false;
}

struct mono rekey_deadline(const struct session *session)
{
	switch (session->rekey.state) {
	case REKEY_IDLE:
		return is_unconfirmed(session) ? MONO_NEVER : due(session);
	case REKEY_SENT:
		return session->rekey.next;
	case REKEY_ASKING:
	case REKEY_STATES:
		break;
	}
	return MONO_NEVER;
}

void rekey_tick(struct sessions *s, struct session *session, struct now now)
{
	if (!mono_reached(now.mono, rekey_deadline(session)))
		return;
	if (session->rekey.state == REKEY_IDLE && session->initiator) {
		start(s, session, now);
		return;
	}
	session->rekey.next = sessions_soon(s, now.mono, RESEND_MS);
	session->pending |= session->initiator ? PENDING_REKEY : PENDING_REKEY_WANTED;
}

/* New keys of a finished run, HELD until policy has answered. */
static int hold(struct sessions *s, struct session *session, struct now now,
		const struct noise *noise)
{
	const bool initiator = session->initiator;
	struct key_set *set = keys_add(&session->keys, now.mono);
	struct noise_keys made;

	if (set == NULL)
		return ERR_FULL;
	noise_split(noise, &made);
	memcpy(set->send_key, initiator ? made.initiator_to_responder : made.responder_to_initiator,
	       AEAD_KEY_BYTES);
	memcpy(set->receive_key,
	       initiator ? made.responder_to_initiator : made.initiator_to_responder,
	       AEAD_KEY_BYTES);
	memcpy(session->rekey.next_psk, made.exported, HASH_BYTES);
	secret_wipe(&made, sizeof(made));
	set_rekey_state(s, session, now, REKEY_ASKING);
	session->asked = true;
	session->pending |= PENDING_ASK;
	return 0;
}

/* Validity is judged at each rekey, not only when the session came to stand. */
static bool is_still_valid(const struct session *session, struct now now)
{
	return SECCHECK(SEC_REKEY_VALIDITY,
			certificate_check_time(&session->peer.certificate, now.wall) == 0);
}

/* The responder's half of a run, from REKEY to keys that are HELD. */
static int answer(struct sessions *s, struct session *session, struct now now,
		  const struct frame_rekey *frame)
{
	struct rekey *rekey = &session->rekey;
	struct noise noise;
	int err;

	init_noise(session, frame->sender, &noise);
	err = read_message(&noise, frame);
	if (err == 0)
		err = write_message(s, session, &noise);
	if (err == 0)
		err = hold(s, session, now, &noise);
	noise_wipe(&noise);
	if (err != 0)
		return err;

	struct key_set *set = keys_first(&session->keys, KEY_SET_HELD);

	set->local_index = sessions_take_index(s, session->self.index);
	set->remote_index = frame->sender;
	rekey->frame.sender = set->local_index;
	rekey->answered = true;
	memcpy(rekey->heard, frame->noise, sizeof(rekey->heard));
	return 0;
}

int rekey_request(struct sessions *s, struct session *session, struct now now, struct span payload)
{
	struct rekey *rekey = &session->rekey;
	struct frame_rekey frame;

	if (frame_rekey_decode(payload, &frame) != 0)
		return ERR_MALFORMED;
	if (!SECCHECK(SEC_REKEY_ROLE, !session->initiator))
		return ERR_DENIED;
	if (!SECCHECK(SEC_REKEY_STATE,
		      rekey->state == REKEY_IDLE && session->state == STATE_ESTABLISHED))
		return ERR_STALE;
	if (rekey->answered && memcmp(rekey->heard, frame.noise, sizeof(frame.noise)) == 0) {
		session->pending |= PENDING_REKEY_ACK; /* our answer was lost */
		return 0;
	}
	if (!SECCHECK(SEC_REKEY_PACE, mono_reached(now.mono, rekey->pace)))
		return ERR_FULL;
	if (!is_still_valid(session, now)) {
		session_close(s, session, now, &expired, true);
		return ERR_EXPIRED;
	}
	if (keys_first(&session->keys, KEY_SET_FREE) == NULL) {
		keys_make_room(&session->keys); /* there is when the initiator repeats itself */
		return ERR_FULL;
	}
	const int err = answer(s, session, now, &frame);

	if (err == 0)
		session->peer.crl_number = frame.crl_number;
	return err;
}

int rekey_ack(struct sessions *s, struct session *session, struct now now, struct span payload)
{
	struct rekey *rekey = &session->rekey;
	struct frame_rekey frame;
	struct noise noise;

	if (frame_rekey_decode(payload, &frame) != 0)
		return ERR_MALFORMED;
	if (rekey->state != REKEY_SENT)
		return ERR_STALE;
	noise = rekey->noise; /* what is refused does not end the run */
	int err = read_message(&noise, &frame);

	if (err == 0 && !is_still_valid(session, now)) {
		session_close(s, session, now, &expired, true);
		err = ERR_EXPIRED;
	}
	if (err == 0)
		err = hold(s, session, now, &noise);
	noise_wipe(&noise);
	if (err != 0)
		return err;

	struct key_set *set = keys_first(&session->keys, KEY_SET_HELD);

	set->local_index = rekey->local_index;
	set->remote_index = frame.sender;
	rekey->local_index = 0; /* the keys have it now */
	noise_wipe(&rekey->noise);
	session->peer.crl_number = frame.crl_number;
	return 0;
}

int rekey_wanted(struct session *session, struct span payload)
{
	if (payload.len != 0)
		return ERR_MALFORMED;
	if (!SECCHECK(SEC_REKEY_WANTED_ROLE, session->initiator) ||
	    session->state != STATE_ESTABLISHED)
		return ERR_DENIED;
	if (session->rekey.state == REKEY_IDLE)
		session->rekey.wanted = true;
	return 0;
}

void rekey_allowed(struct sessions *s, struct session *session, struct now now)
{
	struct rekey *rekey = &session->rekey;
	struct key_set *set = keys_first(&session->keys, KEY_SET_HELD);

	CHECK(set != NULL && rekey->state == REKEY_ASKING);
	set->state = KEY_SET_FRESH;
	memcpy(rekey->psk, rekey->next_psk, HASH_BYTES);
	secret_wipe(rekey->next_psk, HASH_BYTES);
	rekey->wanted = false;
	rekey->pace = mono_add_ms(now.mono, SESSION_REKEY_PACE_MS);
	set_rekey_state(s, session, now, REKEY_IDLE);
	s->counters.rekeys++;
	if (session->initiator) {
		session->keys.sending = set;
		/* An empty packet under the new keys: from it the responder knows that we have
		 * them. */
		session->pending |= PENDING_SEND_WITH | PENDING_EMPTY;
	} else {
		session->pending |= PENDING_REKEY_ACK;
	}
}

void rekey_confirmed(struct session *session, struct key_set *set)
{
	if (session->initiator || session->state != STATE_ESTABLISHED ||
	    set->order <= session->keys.sending->order)
		return;
	session->keys.sending = set;
	session->pending |= PENDING_SEND_WITH;
}

void rekey_end(struct sessions *s, struct session *session, struct now now)
{
	struct rekey *rekey = &session->rekey;
	struct key_set *held = keys_first(&session->keys, KEY_SET_HELD);

	if (rekey->state != REKEY_IDLE)
		set_rekey_state(s, session, now, REKEY_IDLE);
	if (held != NULL) {
		sessions_give_index(s, held->local_index);
		keys_drop(&session->keys, held);
	}
	sessions_give_index(s, rekey->local_index);
	secret_wipe(rekey, sizeof(*rekey)); /* REKEY_IDLE is zero */
	session->asked = false;
	session->pending &=
		~(uint32_t)(PENDING_ASK | PENDING_REKEY | PENDING_REKEY_ACK | PENDING_REKEY_WANTED);
}
