/* session_output.c - see session_output.h. */
#include "session/session_output.h"

#include "base/check.h"
#include "session/session_initiator.h"

static void put_keys(const struct session *session, struct key_set *set, struct session_output *ret)
{
	ret->kind = SESSION_KEYS;
	ret->keys = (struct session_key_set){ .local_index = set->local_index,
					      .remote_index = set->remote_index,
					      .suite = session->suite,
					      .stop = keys_stop(set) };
	memcpy(ret->keys.send_key, set->send_key, AEAD_KEY_BYTES);
	memcpy(ret->keys.receive_key, set->receive_key, AEAD_KEY_BYTES);
	secret_wipe(set->send_key, AEAD_KEY_BYTES); /* forward/ has them now */
	secret_wipe(set->receive_key, AEAD_KEY_BYTES);
	set->state = KEY_SET_LIVE;
}

static void put_forget(struct sessions *s, struct session *session, struct key_set *set,
		       struct session_output *ret)
{
	ret->kind = SESSION_FORGET;
	ret->local_index = set->local_index;
	sessions_give_index(s, set->local_index);
	keys_drop(&session->keys, set);
}

/* One more of the same. */
static uint8_t count_repeat(uint8_t *repeats)
{
	return *repeats < UINT8_MAX ? (*repeats)++ : UINT8_MAX;
}

static void put_handshake(struct sessions *s, const struct session *session,
			  struct session_output *ret)
{
	struct dial *dial = session_dial(s, session);
	struct writer w = writer_of(s->buffer, sizeof(s->buffer));

	CHECK(dial != NULL);
	if (session->state == STATE_DIALLING)
		initiator_encode_m0(s, session, &w);
	else
		writer_bytes(&w, dial->m2, dial->m2_len);
	CHECK(writer_ok(&w));
	ret->kind = SESSION_SEND_HANDSHAKE;
	ret->handshake.carrier = session->carrier;
	ret->handshake.bytes = writer_span(&w);
	ret->handshake.repeats = count_repeat(&dial->repeats);
}

static void put_frame(struct sessions *s, const struct session *session, enum frame_kind kind,
		      struct session_output *ret)
{
	struct writer w = writer_of(s->buffer, sizeof(s->buffer));

	if (kind == FRAME_REKEY || kind == FRAME_REKEY_ACK)
		frame_rekey_encode(&session->rekey.frame, &w);
	else if (kind == FRAME_CLOSE)
		frame_close_encode(&(struct frame_close){ .reason = session->reason.close }, &w);
	CHECK(writer_ok(&w) && session->keys.sending != NULL);
	ret->kind = SESSION_SEND_FRAME;
	ret->frame.kind = (uint8_t)kind;
	ret->frame.local_index = session->keys.sending->local_index;
	ret->frame.payload = writer_span(&w);
}

static void put_peer(const struct session *session, enum session_output_kind kind,
		     struct session_output *ret)
{
	const struct run_peer *peer = &session->peer;

	ret->kind = kind;
	ret->peer = (struct session_peer){ .certificate = &peer->certificate,
					   .initiator = session->initiator,
					   .rekey = session->rekey.state == REKEY_ASKING,
					   .capabilities = peer->capabilities,
					   .crl_number = peer->crl_number,
					   .epoch = session->epoch,
					   .target = session->target,
					   .carrier = session->carrier,
					   .has_observed = peer->claims.has_observed,
					   .observed = peer->claims.observed };
}

/* One flag into one output. */
static void put_pending(struct sessions *s, struct session *session, enum pending pending,
			struct session_output *ret)
{
	switch (pending) {
	case PENDING_SEND_WITH:
		ret->kind = SESSION_SEND_WITH;
		ret->local_index = session->keys.sending->local_index;
		return;
	case PENDING_HANDSHAKE:
		put_handshake(s, session, ret);
		return;
	case PENDING_ASK:
		put_peer(session, SESSION_ASK, ret);
		return;
	case PENDING_ESTABLISHED:
		put_peer(session, SESSION_ESTABLISHED, ret);
		return;
	case PENDING_REKEY:
		put_frame(s, session, FRAME_REKEY, ret);
		return;
	case PENDING_REKEY_ACK:
		put_frame(s, session, FRAME_REKEY_ACK, ret);
		return;
	case PENDING_REKEY_WANTED:
		put_frame(s, session, FRAME_REKEY_WANTED, ret);
		return;
	case PENDING_EMPTY:
		put_frame(s, session, FRAME_EMPTY, ret);
		return;
	case PENDING_REPLACED:
		ret->kind = SESSION_REPLACED;
		ret->by = session->replaced_by;
		return;
	case PENDING_CLOSE:
		put_frame(s, session, FRAME_CLOSE, ret);
		return;
	case PENDING_CLOSED:
		ret->kind = SESSION_CLOSED;
		ret->reason = session->reason;
		return;
	}
	UNREACHABLE();
}

/* The flag whose turn it is; 0 if none. */
static uint32_t next_pending(const struct session *session)
{
	return session->pending & (~session->pending + 1); /* the lowest bit */
}

bool output_session(struct sessions *s, struct session *session, struct session_output *ret)
{
	const uint32_t next = next_pending(session);
	const bool last = next == 0 || next == PENDING_CLOSED;
	struct key_set *fresh = keys_first(&session->keys, KEY_SET_FRESH);
	struct key_set *gone = keys_first(&session->keys, KEY_SET_ENDED);

	*ret = (struct session_output){ .session = session->self };
	if (fresh != NULL) {
		put_keys(session, fresh, ret);
		return true;
	}
	if (gone == NULL && next == PENDING_CLOSED)
		gone = keys_first(&session->keys, KEY_SET_LIVE);
	if (last && gone != NULL) {
		put_forget(s, session, gone, ret);
		return true;
	}
	if (next == 0)
		return false;
	session->pending &= ~next;
	put_pending(s, session, (enum pending)next, ret);
	if (next == PENDING_CLOSED)
		session_remove(s, session);
	return true;
}

void output_m1(struct half_open *entry, struct session_output *ret)
{
	*ret = (struct session_output){ .kind = SESSION_SEND_HANDSHAKE, .session = HANDLE_NONE };
	ret->handshake.carrier = entry->carrier;
	ret->handshake.bytes = span_of(entry->m1, entry->m1_len);
	ret->handshake.repeats = count_repeat(&entry->repeats);
	entry->m1_pending = false;
}

bool output_answer(struct sessions *s, struct session_output *ret)
{
	const struct answer *answer;

	if (queue_is_empty(&s->answer_queue))
		return false;
	answer = &s->answers[queue_pop(&s->answer_queue)];
	*ret = (struct session_output){ .kind = SESSION_SEND_HANDSHAKE, .session = HANDLE_NONE };
	ret->handshake.carrier = answer->carrier;
	ret->handshake.bytes = span_of(answer->bytes, answer->len);
	return true;
}
