/* session.h - all secure sessions of a node: handshakes, admission, rekeys, ends. Sans-I/O.
 *
 * A session is between two node ids and outlives the path that carries it. It stands after three
 * messages of Noise XXpsk3 (wire/handshake.h), in which each side shows its certificate under
 * encryption and signs the run. Policy is asked about the peer before our identity (initiator) or
 * our first packet (responder) goes out.
 *
 *     initiator  DIALLING --M1 verified--> ASKING --allowed--> CONFIRMING --a packet--> ESTABLISHED
 *     responder  half-open --M2 verified--> ASKING --allowed--> ESTABLISHED
 *     both       ESTABLISHED --another session of the pair sends--> REPLACED --10 s--> CLOSED
 *     both       REPLACED --that other one is gone--> ESTABLISHED
 *     both       REPLACED --that other one ended with SHUTDOWN or UNNEEDED--> CLOSED
 *     both       any --refused, timeout, close frame, hard stop, snapshot--> CLOSED
 *
 * An initiator may send packets from CONFIRMING on. It repeats M0 until M1 comes and M2 until a
 * packet under the new keys comes; a responder only answers, so a stranger cannot make it send.
 *
 * Keys: each handshake or rekey makes one *key set* of two directions with indices of its own. The
 * machine hands key sets to forward/ and says with which to send; it never sees a packet. Rekey is
 * Noise NNpsk0 inside the session, started by the session's initiator; policy is asked again.
 *
 * Two established sessions of one pair (session_pair.h says which sends) live side by side for 10
 * s. How many of one peer may do so is the caller's affair: node/ closes those that were replaced
 * when there are too many (PEER_CHANNELS_MAX). A dial that has not shown our identity yet, when
 * another session with the same peer comes to stand, is superfluous: it is told REPLACED and
 * CLOSED.
 *
 * What comes out is not queued but derived from flags of each session, so no output can be lost,
 * however rarely sessions_poll() is called. Only answers to strangers (COOKIE, VERSION) wait in a
 * queue of 16; the newest is dropped when it is full, since its M0 will be repeated.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "base/pool.h"
#include "base/rng.h"
#include "base/trace.h"
#include "crypto/certificate.h"
#include "crypto/noise.h"
#include "crypto/random.h"
#include "session/carrier.h"
#include "session/limits.h"
#include "session/network.h"
#include "wire/frame.h"
#include "wire/handshake.h"

struct session_config {
	const struct key *key;                             /* borrowed; outlives the sessions */
	const struct certificate *certificate;             /* own, verified; copied */
	const struct trust *trust;                         /* borrowed; outlives the sessions */
	struct session_secret secrets[SESSION_EPOCHS_MAX]; /* newest first; ignored in open */
	const struct suite *suites;                        /* by preference; borrowed, for ever */
	uint32_t capabilities;
	uint32_t sessions_max;
};

struct sessions; /* opaque */

/* Entropy, rng and trace (may be NULL) are borrowed and outlive it. 0, ERR_NOMEM, ERR_CRYPTO, or
 * ERR_UNSUPPORTED (a group without a secret). */
int sessions_new(const struct session_config *config, struct entropy *entropy, struct rng *rng,
		 struct trace *trace, struct sessions **ret);

/* Wipes all secrets; accepts NULL. */
void sessions_del(struct sessions *sessions);

/* Starts a handshake. 0, ERR_FULL, ERR_CRYPTO, or ERR_UNSUPPORTED: a raw target that is not exact,
 * or ourselves. */
int sessions_dial(struct sessions *sessions, struct now now, const struct target *target,
		  const struct carrier *carrier, struct handle *ret_session);

/* Handshake bytes of types M0..VERSION that arrived: 0, or why they were dropped (also counted).
 * Whatever comes out is polled. */
int sessions_handshake(struct sessions *sessions, struct now now, const struct carrier *carrier,
		       struct span bytes);

/* A frame of kind REKEY, REKEY_ACK, REKEY_WANTED or CLOSE that was opened under one of the
 * session's keys: 0, or why it was dropped. */
int sessions_frame(struct sessions *sessions, struct now now, struct handle handle, uint8_t kind,
		   struct span payload);

/* What forward/ saw of a key set, named by our index: the first packet it opened, the first IP
 * packet in either direction, the packets sent so far (`count`). Unknown indices are ignored. */
enum session_use { SESSION_USE_OPENED, SESSION_USE_IP, SESSION_USE_SENT };
void sessions_used(struct sessions *sessions, struct now now, uint32_t local_index,
		   enum session_use use, uint64_t count);

/* The answer to SESSION_ASK; what answers no open question is ignored. */
void sessions_answer(struct sessions *sessions, struct now now, struct handle handle, bool allowed);

/* Ends a session, with a close frame if it stands. Stale handles are ignored. */
void sessions_close(struct sessions *sessions, struct now now, struct handle handle,
		    enum frame_close_reason reason);

/* The kernel says that this machine is a resumed copy: all sessions and half-open handshakes are
 * dropped, without a word to anybody. The same happens by itself in any call that finds the
 * calendar moved by more than SESSION_SNAPSHOT_DRIFT_US against the steady clock since the call
 * before. */
void sessions_snapshot(struct sessions *sessions, struct now now);

/* Handshakes that begin from now on show this certificate, of the same key and id, and (unless
 * NULL, and in a group) count with these secrets; handshakes that others began, and that are not
 * done, are dropped with the old ones: they are begun again. Sessions that stand go on. 0, or
 * ERR_NOMEM or ERR_UNSUPPORTED (no secret): then nothing has changed. */
int sessions_renew(struct sessions *sessions, const struct certificate *certificate,
		   const struct session_secret secrets[SESSION_EPOCHS_MAX]);

/* What our handshakes tell peers that we can, from now on. */
void sessions_set_capabilities(struct sessions *sessions, uint32_t capabilities);

/* What our handshakes and rekeys tell peers about revocation from now on. */
void sessions_set_crl_number(struct sessions *sessions, uint64_t crl_number);

struct session_key_set {
	uint32_t local_index;  /* packets to us carry it */
	uint32_t remote_index; /* packets from us carry it */
	uint8_t send_key[AEAD_KEY_BYTES], receive_key[AEAD_KEY_BYTES];
	const struct suite *suite;
	struct mono stop; /* forward/ refuses both keys from here on, whatever else happens */
};

/* What is known of the peer. */
struct session_peer {
	const struct certificate *certificate; /* borrowed while the session lives */
	bool initiator;                        /* we dialled */
	bool rekey;                            /* ASK: the session stands; may it go on? */
	uint32_t capabilities;
	uint64_t crl_number; /* the newest it told of */
	uint8_t epoch;
	struct target target;
	struct carrier carrier; /* the last handshake bytes came by it */
	bool has_observed;
	struct endpoint observed; /* how the peer sees us: a claim */
};

struct session_reason {
	int err;          /* 0: closed by `close` */
	uint8_t close;    /* enum frame_close_reason, or a number that we do not know */
	bool remote;      /* the peer closed */
	const char *text; /* literal, for people */
};

enum session_output_kind {
	SESSION_SEND_HANDSHAKE, /* handshake: these bytes to that carrier */
	SESSION_SEND_FRAME,     /* frame: seal with its key set and send */
	SESSION_ASK,            /* peer: may it be admitted? -> sessions_answer() */
	SESSION_KEYS,           /* keys: receive with these from now on */
	SESSION_SEND_WITH,      /* local_index: send with this key set from now on */
	SESSION_FORGET,         /* local_index: this key set is gone; wipe it */
	SESSION_ESTABLISHED,    /* peer: packets may flow (CONFIRMING or ESTABLISHED) */
	SESSION_REPLACED, /* by: that session of the same pair sends from now on, even if it was
			     replaced before; this one only receives */
	SESSION_CLOSED,   /* reason: the handle is stale after this */
};

/* Borrowed until the next call on the same machine. */
struct session_output {
	enum session_output_kind kind;
	struct handle session; /* HANDLE_NONE for handshake bytes that belong to no session yet */
	union {
		struct {
			struct carrier carrier;
			struct span bytes;
			uint8_t repeats; /* how often the same went before; at most 255 */
		} handshake;
		struct {
			uint8_t kind;
			uint32_t local_index; /* the key set to seal with */
			struct span payload;
		} frame;
		struct session_peer peer;
		struct session_key_set keys;
		uint32_t local_index;
		struct handle by;
		struct session_reason reason;
	};
};

bool sessions_poll(struct sessions *sessions, struct now now, struct session_output *ret);
struct mono sessions_deadline(const struct sessions *sessions);

/* True while the dial repeats its M0, which carries this sender index. */
bool sessions_awaits(const struct sessions *sessions, struct handle dial, uint32_t sender);

/* False while the dial repeats its M0, and when the session has ended. */
bool sessions_is_answered(const struct sessions *sessions, struct handle dial);

/* The M0 of this dial may have reached nobody: it is repeated SESSION_HASTE_MS after it left for
 * the first time, and twice that after the second, if that is sooner; later ones keep their pace.
 * Other handles are ignored. */
void sessions_hasten(struct sessions *sessions, struct now now, struct handle handle);

/* The dial goes on by another way along the ring: its M0 leaves by this carrier at once, and is
 * repeated from there. An answer to one before still counts. Others are ignored. */
void sessions_redirect(struct sessions *sessions, struct now now, struct handle handle,
		       const struct carrier *carrier);

/* Counters, each a reason for which something was dropped or done; for status and tests. */
struct session_counters {
	uint64_t m0_received, m0_bad_mac1, m0_bad_form, m0_bad_version, m0_cookie_wanted;
	uint64_t m0_rate_limited, m0_repeated, m0_table_full, half_open_evicted;
	uint64_t m1_refused, m2_refused, m2_repeated, others_refused, frames_refused;
	uint64_t answers_lost, established, closed, rekeys, snapshots;
	uint32_t half_open, sessions, timers; /* at present; timers of both */
};
struct session_counters sessions_counters(const struct sessions *sessions);

#endif
