/* session.h - all secure sessions of a node: handshakes, admission, rekeys, ends. Sans-I/O.
 *
 * A session is between two node ids and outlives the path that carries it. It stands after three
 * messages of Noise XXpsk3 (wire/handshake.h), in which each side shows its certificate under
 * encryption and signs the run; policy is asked about the peer before our identity (initiator) or
 * our first packet (responder) goes out.
 *
 *   initiator   DIALLING --M1 verified--> ASKING --allowed--> CONFIRMING --first packet-->
 * ESTABLISHED responder   half-open (a bounded table) --M2 verified--> ASKING --allowed-->
 * ESTABLISHED both        any --refused, timeout, close frame, hard stop, snapshot, replaced-->
 * CLOSED
 *
 * An initiator may send packets from CONFIRMING on. It repeats M0 until M1 comes and M2 until a
 * packet under the new keys comes; a responder only answers, so a stranger cannot make it send.
 *
 * Keys: each handshake or rekey makes one *key set* of two directions with indices of its own. The
 * machine hands key sets to forward/ and says with which to send; it never sees a packet. Rekey is
 * Noise NNpsk0 inside the session. Two sessions of one pair are ordered as DESIGN 5 says
 * ("simultaneous opens"): the loser receives for 10 s more, then closes as replaced.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "base/pool.h"
#include "base/rng.h"
#include "base/trace.h"
#include "crypto/certificate.h"
#include "crypto/noise.h"
#include "crypto/random.h"
#include "wire/frame.h"
#include "wire/handshake.h"

#define SESSION_HALF_OPEN_MAX 512    /* responder's side; < 1 MiB in all (static_assert) */
#define SESSION_HALF_OPEN_LOADED 128 /* from here on M0 needs a cookie */
#define SESSION_HALF_OPEN_LIFETIME_MS 10000
#define SESSION_DIAL_LIFETIME_MS 20000   /* then closed: ERR_TIMEOUT */
#define SESSION_PER_SOURCE_S 20          /* handshakes started a second by one source */
#define SESSION_REKEY_AFTER_IP_MS 120000 /* after the first IP packet under a key set */
#define SESSION_STOP_AFTER_IP_MS 180000
#define SESSION_REKEY_MS 3600000 /* else after its birth */
#define SESSION_STOP_MS 5400000
#define SESSION_REKEY_PACKETS (UINT64_C(1) << 32)
#define SESSION_REPLACED_LIFETIME_MS 10000
#define SESSION_COOKIE_LIFETIME_MS 120000
#define SESSION_SNAPSHOT_DRIFT_US 10000000
#define SESSION_SECRET_BYTES 32
#define SESSION_EPOCHS_MAX 2 /* the network secret's epoch in force and the one before */

/* Where handshake bytes come from and go to. The session only compares and hashes `name`; node/
 * knows what it means. `source` is what handshakes are counted by: an IPv4 address, an IPv6 /64, a
 * link. */
struct carrier {
	enum handshake_carriage carriage;
	uint8_t name[40];
	uint8_t source[16];
};

struct session_secret {
	uint8_t epoch; /* 1..255 */
	uint8_t bytes[SESSION_SECRET_BYTES];
};

struct session_config {
	const struct key *key;                 /* borrowed; outlives the sessions */
	const struct certificate *certificate; /* own, verified; copied */
	const struct trust *trust;             /* borrowed; outlives */
	struct session_secret
		secrets[SESSION_EPOCHS_MAX]; /* newest first; epoch 0: unused; none in open */
	const struct suite *suites;          /* preference; borrowed, for ever */
	uint32_t capabilities;
	uint32_t sessions_max;
};

struct sessions; /* opaque */

/* Entropy, rng and trace (may be NULL) are borrowed and outlive it. 0, ERR_NOMEM, ERR_CRYPTO. */
int sessions_new(const struct session_config *config, struct entropy *entropy, struct rng *rng,
		 struct trace *trace, struct now now, struct sessions **ret);
void sessions_del(struct sessions *sessions);

/* Starts a handshake: raw targets must be exact. 0, ERR_FULL, ERR_UNSUPPORTED. */
int sessions_dial(struct sessions *sessions, struct now now, const struct target *target,
		  const struct carrier *carrier, struct handle *ret_session);

/* Handshake bytes of types M0..VERSION that arrived: 0, or why they were dropped (also counted).
 * Whatever comes out is polled. */
int sessions_handshake(struct sessions *sessions, struct now now, const struct carrier *carrier,
		       struct span bytes);

/* A frame of kind REKEY, REKEY_ACK, REKEY_WANTED or CLOSE that was opened under one of the
 * session's keys. */
int sessions_frame(struct sessions *sessions, struct now now, struct handle session, uint8_t kind,
		   struct span payload);

/* What forward/ saw of a key set, named by our index: the first packet it opened, the first IP
 * packet in either direction, the packets sent so far. Unknown indices are ignored. */
enum session_use { SESSION_USE_OPENED, SESSION_USE_IP, SESSION_USE_SENT };
void sessions_used(struct sessions *sessions, struct now now, uint32_t local_index,
		   enum session_use use, uint64_t count);

/* The answer to a question of sessions_poll(); stale tokens are ignored. */
void sessions_answer(struct sessions *sessions, struct now now, struct handle session,
		     bool allowed);

/* Ends a session, with a close frame if it stands. Stale handles are ignored. */
void sessions_close(struct sessions *sessions, struct now now, struct handle session,
		    enum frame_close_reason reason);

/* What our own probes and handshakes tell peers about revocation from now on. */
void sessions_set_crl_number(struct sessions *sessions, uint64_t crl_number);

struct session_key_set {
	uint32_t local_index;  /* packets to us carry it */
	uint32_t remote_index; /* packets from us carry it */
	uint8_t send_key[AEAD_KEY_BYTES], receive_key[AEAD_KEY_BYTES];
	const struct suite *suite;
	struct mono stop; /* forward/ refuses both keys from here on, whatever else happens */
};

enum session_output_kind {
	SESSION_SEND_HANDSHAKE, /* handshake: these bytes to that carrier */
	SESSION_SEND_FRAME,  /* frame: seal with the key set in use (or `local_index` if not 0) and
				send */
	SESSION_ASK,         /* peer: may this certificate be admitted? -> sessions_answer() */
	SESSION_KEYS,        /* keys: receive with these from now on */
	SESSION_SEND_WITH,   /* send with this key set from now on */
	SESSION_FORGET,      /* this key set is gone; wipe it */
	SESSION_ESTABLISHED, /* peer: packets may flow (CONFIRMING or ESTABLISHED) */
	SESSION_REPLACED,    /* by: that session of the same pair sends from now on; this one still
				receives */
	SESSION_CLOSED,      /* reason: the handle is stale after this */
};

/* Borrowed until the next call on the same machine. */
struct session_output {
	enum session_output_kind kind;
	struct handle session; /* HANDLE_NONE for handshake bytes that belong to no session */
	union {
		struct {
			struct carrier carrier;
			struct span bytes;
		} handshake;
		struct {
			uint8_t kind;
			struct span payload;
			uint32_t local_index;
		} frame;
		struct {
			const struct certificate *certificate;
			bool initiator; /* we dialled */
			uint32_t capabilities;
			uint64_t crl_number;
			uint8_t epoch;
			struct target target;
			struct carrier carrier; /* the last handshake bytes came by it */
			bool has_observed;
			struct endpoint observed; /* how the peer sees us: a claim */
		} peer;
		struct session_key_set keys;
		uint32_t local_index; /* SEND_WITH, FORGET */
		struct handle by;
		struct {
			int err; /* 0: closed by `close` */
			uint8_t close;
			const char *text;
		} reason;
	};
};

bool sessions_poll(struct sessions *sessions, struct now now, struct session_output *ret);
struct mono sessions_deadline(const struct sessions *sessions);

/* The peer's certificate of a session that has one (ASKING or later), else NULL; borrowed while it
 * lives. */
const struct certificate *sessions_peer(const struct sessions *sessions, struct handle session);

/* Counters, each a reason for which something was dropped or done; for status and tests. */
struct session_counters {
	uint64_t m0_received, m0_bad_mac1, m0_bad_form, m0_cookie_wanted, m0_rate_limited,
		m0_repeated;
	uint64_t m0_bad_version, m0_table_full, m1_refused, m2_refused, frames_refused;
	uint64_t established, closed, rekeys, snapshots;
	uint32_t half_open, sessions;
};
struct session_counters sessions_counters(const struct sessions *sessions);

#endif
