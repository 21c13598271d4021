/* paths.h - the ways to one peer: found, tried, chosen, kept, left. Sans-I/O. One for each peer
 * with whom a session stands.
 *
 * A session begins on one way: the one it was dialled by, or the ring. Both sides then exchange
 * candidates, and both probe: a *trial* is one way with what is known of it. A way is proven when
 * an authenticated answer to a probe came back by it; only a proven one is adopted. A packet that
 * comes from an endpoint nobody named makes a trial too (RFC 8445, 7.3.1.3: peer-reflexive).
 *
 *                 .---------- PATHS_PUNCH_MS ----------v
 *     (new) --> PUNCHING <--- next round, a packet --- RESTING <--.
 *                 '--answer--> PROVEN --asked--> DOUBTED ----------' four probes in vain
 *                                ^---- answer -----'
 *
 * PUNCHING. The first probe to a direct candidate has a small TTL: it opens our own NAT and dies
 * before the peer's, which would otherwise keep a flow of its own for it and lend the peer's next
 * one another port. After the peer had time to do the same, probes go with the full TTL, at growing
 * distances. While no direct way stands this is repeated in rounds. Both sides count them from the
 * moment at which the session stood, since who is late finds that his NAT has such a flow. A pair
 * without IP leaves out more and more of them, all but each 4th, then all but each PATHS_RARELYth,
 * until there is news: so the rounds of who is patient are rounds of who is not, too. What is
 * new among the peer's candidates is punched at once (less, if a direct way stands); and so is
 * where a packet of the peer came from, with the full TTL.
 *
 * RELAYS. A pair wants one unless its way is direct, and one more in reserve while IP comes and
 * goes. The reserve is asked now and then; of what is more than wanted the one that has shown least
 * is given up after a while.
 *
 * CHOICE. direct > relay > ring. Of one kind the *leader* (of the pair, the lower id) chooses: a
 * way inside the same network first, then the shorter round trip, and it changes only for a clear
 * gain, between relays for a large one. The other side takes the first that is proven and goes
 * where the leader is, if that does not change all the time. So that each knows, the lowest bit of
 * a probe's token says that its sender's packets travel by this way (as USE-CANDIDATE does in RFC
 * 8445, 7.1.2), and whoever adopts a way probes it at once.
 *
 * FAILURE. With traffic: who received IP and has sent nothing for PATHS_ECHO_MS sends an empty
 * frame; who sent IP and heard nothing for PATHS_DOUBT_MS + 2 round trips asks this way and all
 * others, and the first that answers carries on. Without: this way is asked when nothing came, or
 * nothing left, for PATHS_QUIET_MS, since each NAT is kept open by what leaves through it; and the
 * others when that is not answered in time. Also asked is a way when the peer goes another one, and
 * when somebody takes the peer for gone.
 * Four probes in vain, and the way rests; if nothing else answers either, the peer is dead. What
 * comes by a way in doubt, or by whichever while the one in use is judged, earns it one probe more,
 * for PATHS_DOUBT_MORE_MS: so a line that is back is not given up.
 *
 * SIZE. While IP comes and goes, the way in use, if it is direct or a relay, is asked how large a
 * packet it carries (paths_size.h). The ring carries all sizes: its links cut what is too large.
 */
#ifndef PATH_PATHS_H
#define PATH_PATHS_H

#include "base/rng.h"
#include "path/paths_size.h"
#include "path/probe_budget.h"
#include "path/trial.h"
#include "wire/overlay.h"
#include "wire/way.h"

#define PATHS_DIRECT_MAX 12
#define PATHS_RELAYS_MAX 3
#define PATHS_TRIALS_MAX (1 + PATHS_RELAYS_MAX + PATHS_DIRECT_MAX)
#define PATHS_FIRST (1 + PATHS_RELAYS_MAX + 2) /* what nearly every peer needs; and */
#define PATHS_STEP 5                           /* more at once, twice at most */
#define PATHS_STEPS ((PATHS_TRIALS_MAX - PATHS_FIRST) / PATHS_STEP)
#define PATHS_LOW_TTL 2
#define PATHS_PUNCH_MS 10000
#define PATHS_PUNCH_LESS 3   /* probes to a candidate while a direct way stands */
#define PATHS_SPARED 30      /* of the budget: candidates leave them to where packets came from */
#define PATHS_RETRY_MS 30000 /* between two rounds: a NAT's unanswered flow ends in so long */
#define PATHS_RARELY 16      /* a pair without IP: at last, each so many rounds */
#define PATHS_ECHO_MS 100
#define PATHS_DOUBT_MS 300
#define PATHS_DOUBT_PROBES 4
#define PATHS_DOUBT_MORE_MS 10000  /* who is heard and never answers is given up after that */
#define PATHS_FOLLOW_MS 500        /* between two changes of who follows: each is work */
#define PATHS_QUIET_MS 25000       /* NATs that forget a flow sooner than in 30 s are rare */
#define PATHS_NEAR_QUIET_MS 21000  /* of those who find out first that a neighbour is gone */
#define PATHS_QUIET_JITTER_MS 2000 /* taken off at random: peers do not go on in step */
#define PATHS_TALK_MS 10000        /* a pair talks for so long after the last IP packet: */
#define PATHS_BUSY_QUIET_MS 2500   /* this is silence then */
#define PATHS_CHECK_MS 2000        /* who was heard within so long is not doubted on hearsay */
#define PATHS_STANDBY_MS 20000     /* a relay in reserve is asked so often */
#define PATHS_WANTED_MAX 2         /* relays */
#define PATHS_NO_RELAY_MS 1500     /* so long without a direct way: ask for a relay */
#define PATHS_RELAY_AGAIN_MS 10000 /* and again, if none came */
#define PATHS_RELAY_SPARE_MS 60000 /* one more than wanted is kept so long */
#define PATHS_REFUSED_MS 60000     /* that a relay had no room is a reason so long */
#define PATHS_ANSWER_MS 5000       /* an answer that takes longer proves nothing */

/* What forward/ saw of the peer's session, under all its keys: instants, zero for never. */
struct paths_traffic {
	struct mono received, sent;       /* anything authenticated */
	struct mono ip_received, ip_sent; /* IP packets */
};

/* Embed it. To be read: is_dead, why. */
struct paths {
	struct rng *rng; /* borrowed */
	bool is_leader, is_near;
	bool is_dead, dead_told, is_busy;
	bool use_told;           /* that `used` is in use */
	bool talks;              /* IP came or went within PATHS_TALK_MS */
	uint32_t relays, wanted; /* that do well, or may do so yet; and should */
	bool asked_others;       /* since the way in use is doubted */
	uint32_t used;           /* the trial that carries the session now */
	uint32_t peer_uses;      /* the trial that carries the peer's packets, as it says */
	struct mono follow_at;   /* not before, while ours answers */
	uint8_t nat, peer_nat;
	struct trial first[PATHS_FIRST]; /* the ring; relays; direct ones, */
	struct trial *more[PATHS_STEPS]; /* owned: and PATHS_STEP more in each; or NULL */
	uint32_t places;                 /* in all */
	struct paths_traffic traffic;
	struct sizing sizing; /* of the way in use */
	struct probe_purse purse;
	struct mono heard, quiet_at; /* anything; when silence gets too long */
	struct mono echo_at, echoed; /* an empty frame is due, or never; the last one */
	struct mono doubt_at;        /* no answer to IP for so long; or never */
	struct mono overdue_at;      /* of the answer of the doubted way in use: any other may take
				      * over; or never */
	struct mono round_at;        /* the next round, */
	uint32_t round;              /* the so manieth since the session stood; */
	uint32_t every;              /* without IP, one of so many is used */
	struct mono relay_at,
		relay_said;   /* ask for a relay; when that was done last, zero: never */
	struct mono refused;  /* one that was asked had no room; zero: never */
	struct mono spare_at; /* give up a relay that is more than wanted; or never */
	const char *why;      /* literal: why it is not direct; "" if it is */
};

/* A session stands, and its handshake came by `first` (DIRECT: that proves it; or RING), which is
 * in use from now on: no PATHS_USE tells of it. What was there before is to be freed. */
void paths_init(struct paths *paths, struct rng *rng, struct mono now, bool is_leader,
		const struct way *first);
void paths_free(struct paths *paths); /* accepts zeroed ones */

/* The trial at this place, below paths->places. It stays there. */
const struct trial *paths_trial(const struct paths *paths, uint32_t place);

/* What the peer said under which addresses it may be reached: those probeable; replaces what it
 * said before, and what is new of it is punched at once.
 * `same_network`: we and the peer are seen under the same address, so its host addresses may be on
 * our own link. */
struct paths_candidates {
	struct candidate candidates[CANDIDATES_MAX];
	uint32_t count;
	uint8_t nat, own_nat; /* enum nat */
	bool same_network;
};
void paths_candidates(struct paths *paths, struct mono now, const struct paths_candidates *remote);

/* A relay has been granted: 0, or ERR_FULL: PATHS_RELAYS_MAX others do well, or may do so yet. Or
 * one has ended, or the link to it went. */
int paths_add_relay(struct paths *paths, struct mono now, const struct way *way);
void paths_remove_relay(struct paths *paths, struct mono now, const struct way *way);
/* One that was asked had no room: known for PATHS_REFUSED_MS, and said with the next paths_poll().
 */
void paths_relay_refused(struct paths *paths, struct mono now);

/* The newest authenticated packet of the peer, of whatever kind, came by another way than the one
 * in use. */
void paths_came(struct paths *paths, struct mono now, const struct way *way);

/* A probe of the peer came by this way; that it is answered is the caller's. Of the probes that the
 * caller makes itself, those along the way in use have the lowest bit of the token set. */
void paths_probed(struct paths *paths, struct mono now, uint64_t token, const struct way *way);

/* The answer to a probe came by this way: 0, or ERR_STALE (no open probe has that token). A probe
 * that was sent by one way and answered by another proves neither. */
int paths_answered(struct paths *paths, struct mono now, uint64_t token, const struct way *way);

/* What passed since: to be told each PATHS_ECHO_MS while paths_is_busy(), since forward/ tells only
 * of the beginning of traffic; and always before paths_poll(), since it judges silence. */
void paths_seen(struct paths *paths, struct mono now, const struct paths_traffic *traffic);

/* Somebody takes the peer for gone: the way in use is asked, unless it was heard just now. */
void paths_check(struct paths *paths, struct mono now);

/* Whether it is one of our near members on the ring: asked sooner then, if it is silent. */
void paths_set_near(struct paths *paths, bool is_near);

/* Within this time an answer is expected, by the way in use. */
uint64_t paths_patience_us(const struct paths *paths);

/* Sockets or addresses of the host changed: everything is asked again. */
void paths_host_changed(struct paths *paths, struct mono now);

/* The peer is told of other candidates of ours, which it will punch at once: so do we. Without
 * effect while a direct way stands. */
void paths_retold(struct paths *paths, struct mono now);

enum paths_output_kind {
	PATHS_USE,        /* way, why (not direct): the session's packets travel so from now on */
	PATHS_DEAD,       /* nothing answers any more; nothing follows */
	PATHS_WANT_RELAY, /* `relays` are wanted, and fewer do well: find (another) one, if you can
			   */
	PATHS_DROP_RELAY, /* way: this relay is not wanted any more, and forgotten here */
	PATHS_EMPTY,      /* way: send an empty frame */
	PATHS_PROBE,      /* way, token, ttl (0: the system's), size: send a probe that carries the
			   * token, padded to the size of such a packet; 0: not a question of size */
	PATHS_SIZE,       /* way, size: the way in use carries packets of that size from now on */
};

struct paths_output {
	enum paths_output_kind kind;
	struct way way;
	uint64_t token;
	uint8_t ttl;
	uint16_t size;
	uint32_t relays;
	const char *why; /* literal */
};

/* Only probes to direct ways that have not answered are taken from the budget: who answers agrees.
 */
bool paths_poll(struct paths *paths, struct mono now, struct probe_budget *budget,
		struct paths_output *ret);
struct mono paths_deadline(const struct paths *paths);

/* The way in use; its round trip, if measured. */
const struct trial *paths_used(const struct paths *paths);

/* How large a packet it carries: PATHS_SIZE_MAX as long as nothing else is known. */
uint16_t paths_size(const struct paths *paths);

/* True for a relay that was tried and does not carry. */
bool paths_rests(const struct paths *paths, const struct way *way);

/* True while the way in use owes an answer for longer than one takes, or gave none: it may be dead.
 */
bool paths_is_doubted(const struct paths *paths);

/* True while IP packets come and go, so that paths_seen() is to be called each PATHS_ECHO_MS. */
bool paths_is_busy(const struct paths *paths);

#endif
