/* session_internal.h - what the parts of the session machine share; private to it.
 *
 * session.c has what callers see; session_initiator.c and session_responder.c the two sides of the
 * handshake, session_rekey.c what follows, session_pair.c which of two sends; session_output.c
 * turns flags into outputs; session_state.c is the only writer of states.
 */
#ifndef SESSION_INTERNAL_H
#define SESSION_INTERNAL_H

#include "base/map.h"
#include "base/queue.h"
#include "session/cookie.h"
#include "session/half_open.h"
#include "session/keys.h"
#include "session/limiter.h"
#include "session/network.h"
#include "session/run.h"
#include "session/session.h"

#define ANSWERS_MAX 16                              /* power of two */
#define ANSWER_BYTES HANDSHAKE_COOKIE_MESSAGE_BYTES /* the longer of COOKIE and VERSION */

enum session_state {
	STATE_FREE,
	STATE_DIALLING,    /* initiator: repeats M0; has a dial */
	STATE_ASKING,      /* the peer is known, policy is asked; initiator: has a dial */
	STATE_CONFIRMING,  /* initiator: repeats M2; has a dial and a set of keys that sends */
	STATE_ESTABLISHED, /* has a set of keys that sends */
	STATE_REPLACED,    /* only receives */
	STATE_CLOSED,      /* only says its last words */
	STATES
};

/* Outputs to come, in the order in which they leave. */
enum pending {
	PENDING_SEND_WITH = 1 << 0,
	PENDING_HANDSHAKE = 1 << 1,
	PENDING_ASK = 1 << 2,
	PENDING_ESTABLISHED = 1 << 3,
	PENDING_REKEY = 1 << 4,
	PENDING_REKEY_ACK = 1 << 5,
	PENDING_REKEY_WANTED = 1 << 6,
	PENDING_EMPTY = 1 << 7,
	PENDING_REPLACED = 1 << 8,
	PENDING_CLOSE = 1 << 9,
	PENDING_CLOSED = 1 << 10,
};

/* An initiator's handshake under way. */
struct dial {
	struct run run;
	uint8_t mac1_key[MAC_KEY_BYTES];
	uint8_t m0_noise[HANDSHAKE_EPHEMERAL_BYTES + HANDSHAKE_TAG_BYTES];
	uint8_t m0_mac1[HANDSHAKE_MAC_BYTES];
	bool has_cookie;
	uint8_t cookie[HANDSHAKE_COOKIE_BYTES];
	uint32_t suites_tried; /* bit n: suite n */
	uint32_t remote_index; /* from M1 */
	uint8_t repeats;       /* of M0, then of M2 */
	uint16_t m2_len;
	uint8_t m2[HANDSHAKE_M2_BYTES];
	struct mono sent, resend;
	uint32_t under_epoch;     /* M0s that named this epoch since the last change, */
	uint32_t epoch_share;     /* of so many before the next one */
	int refused;              /* why the last answer was not good enough; 0: none came */
	const char *refused_text; /* literal */
};

enum rekey_state {
	REKEY_IDLE,
	REKEY_SENT,   /* initiator: repeats REKEY */
	REKEY_ASKING, /* new keys are made and HELD, policy is asked */
	REKEY_STATES
};

struct rekey {
	enum rekey_state state;
	struct noise noise;      /* initiator, SENT */
	uint8_t psk[HASH_BYTES]; /* exported by the last handshake or rekey that is in force */
	uint8_t next_psk[HASH_BYTES];
	uint32_t local_index; /* initiator: of the keys to come */
	bool wanted;          /* initiator: the peer asked */
	bool answered;        /* responder: `frame` answers the REKEY that had `heard` */
	struct frame_rekey frame;
	uint8_t heard[FRAME_REKEY_NOISE_BYTES];
	struct mono next; /* when to say it again */
	struct mono pace; /* none before this */
};

struct session {
	struct handle self;
	enum session_state state;
	bool initiator;
	bool asked; /* policy owes an answer */
	uint32_t pending;
	/* When things happened, on the machine's own count of events; 0: not yet. began: dialled,
	 * or M0 came. stood: M2 was sent, or came and was allowed. established: stood, and the
	 * other end is known to have the keys. */
	uint64_t began, stood, established;
	struct target target;
	struct carrier carrier;
	const struct suite *suite;
	uint8_t epoch;
	uint32_t index; /* local index before there are keys; 0: the keys have it */
	uint8_t initiator_ephemeral[NOISE_KEY_BYTES];
	bool has_peer;
	struct run_peer peer;
	struct handle dial; /* initiator, until the end of CONFIRMING */
	uint8_t m0_hash[HASH_BYTES], m2_hash[HASH_BYTES]; /* responder: to know repeats by */
	struct keys keys;
	struct rekey rekey;
	struct handle replaced_by;
	struct mono end; /* of the handshake, or of REPLACED */
	struct session_reason reason;
};

/* Stateless answers wait here until they are polled. */
struct answer {
	struct carrier carrier;
	uint8_t len;
	uint8_t bytes[ANSWER_BYTES];
};

struct sessions {
	struct run_self self;
	struct network network;
	const struct suite *suites;
	struct entropy *entropy; /* borrowed, like the next two */
	struct rng *rng;
	struct trace *trace;
	struct pool pool;     /* of struct session */
	struct alarms alarms; /* by session */
	struct pool dials;
	struct half_opens half_opens;
	struct map by_index; /* local index -> VALUE_HALF_OPEN | place, or session's place */
	struct map by_m0;    /* hash of M0 without macs -> the same */
	struct cookies cookies;
	struct limiter unproven, proven, links; /* handshakes by source: claimed, proven, carried */
	struct answer answers[ANSWERS_MAX];
	struct queue answer_queue;
	bool has_offset;
	int64_t offset_us; /* now_offset_us() of the last call */
	uint64_t events;   /* counted to tell what came first */
	struct session_counters counters;
	uint8_t buffer[HANDSHAKE_BYTES_MAX]; /* what the last output lends */
};

#define VALUE_HALF_OPEN UINT32_C(0x80000000) /* in values of the two maps */

/* The only writer of session->state; `why` is for the trace. */
void session_set_state(struct sessions *s, struct session *session, struct now now,
		       enum session_state next, const char *why);

/* Sets the session's alarm by its flags and timers: to be called after any change of it. */
void session_schedule(struct sessions *s, const struct session *session);

/* What the session has to do because time has passed. */
void session_tick(struct sessions *s, struct session *session, struct now now);

/* Begins the end. `tell`: the peer gets a close frame, if there are keys to seal it with. */
void session_close(struct sessions *s, struct session *session, struct now now,
		   const struct session_reason *reason, bool tell);

/* The same without a word more to the peer, not even one that was to leave already. */
void session_silence(struct sessions *s, struct session *session, struct now now,
		     const struct session_reason *reason);

/* M2 was sent, or was accepted: dials to the same peer that are superfluous now end. */
void session_stand(struct sessions *s, struct session *session, struct now now);

/* Both ends have the keys: settles which session of the pair sends. */
void session_establish(struct sessions *s, struct session *session, struct now now);

/* Gives all memory of an ended session back. */
void session_remove(struct sessions *s, struct session *session);

/* Sees to it that the maps have room for one more session and one more half-open handshake, with
 * every index that they will need: 0 or ERR_NOMEM. */
int sessions_reserve(struct sessions *s);

/* And that the session has a place: 0, ERR_FULL or ERR_NOMEM. */
int sessions_make_room(struct sessions *s);

/* A receiver index that nothing of ours has, noted for `value`. */
uint32_t sessions_take_index(struct sessions *s, uint32_t value);
void sessions_give_index(struct sessions *s, uint32_t index);

/* The session with this index, or NULL. */
struct session *sessions_find(const struct sessions *s, uint32_t index);

struct dial *session_dial(const struct sessions *s, const struct session *session);

/* About `ms`, ten per cent more or less. */
struct mono sessions_soon(struct sessions *s, struct mono now, uint64_t ms);

/* The dial's message leaves now, and about `ms` later again. */
void sessions_repeat_after(struct sessions *s, struct dial *dial, struct mono now, uint64_t ms);

#endif
