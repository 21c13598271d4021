/* script.h - a scenario: what network there is, what happens to it, and what must come of it.
 *
 * A small text, one statement a line, `#` begins a comment. doc/simulator.md shows the language;
 * the table in script.c is its grammar.
 *
 *     nodes 1000                        nat 45% port-restricted        join 100/s
 *     loss 1%                           at 30s partition 50%           at 90s heal
 *     at 120s calm                      expect exact within 60s        expect hops_mean <= 5.5
 *
 * Each number may be a range, `1..5%`: the seed decides. Reading a script draws nothing.
 */
#ifndef SIM_SCRIPT_H
#define SIM_SCRIPT_H

#include "base/mono.h"
#include "base/span.h"
#include "sim/natbox.h"

#define SCRIPT_STATEMENTS_MAX 128
#define SCRIPT_VALUES_MAX 3
#define SCRIPT_TEXT_MAX 127
#define SCRIPT_ERROR_MAX 255

enum script_verb {
	SCRIPT_ABOUT,     /* text */
	SCRIPT_NODES,     /* count */
	SCRIPT_BOOTSTRAP, /* count: the first members, public and in everybody's bundle */
	SCRIPT_CRYPTO,    /* choice: 0 full, 1 null */
	SCRIPT_LATENCY,   /* us: mean round trip of two members on the map */
	SCRIPT_MATRIX,    /* text: file of measured round trips */
	SCRIPT_NAT,       /* share; nat */
	SCRIPT_HOME,      /* count: members behind one NAT */
	SCRIPT_BANDWIDTH, /* bytes/s up, bytes/s down */
	SCRIPT_MTU,       /* bytes */
	SCRIPT_DRIFT,     /* ppm: clocks run wrong by up to this */
	SCRIPT_JOIN,      /* millionths of a member per second */
	SCRIPT_JOIN_AT_ONCE,
	SCRIPT_HOSTILE,   /* share; choice: enum script_hostile */
	SCRIPT_SHORTCUTS, /* choice: 0 sought as ever, 1 by somebody who knows all latencies */
	SCRIPT_PAIRS,     /* count: pairs that are sampled for routes */
	SCRIPT_PAIRS_ALL, /* none is left out, and each talks by IPv4 and by IPv6 */
	SCRIPT_MEASURE,   /* us: how long traffic is counted when all is done */
	SCRIPT_LOSS,      /* share, as the next two */
	SCRIPT_DUPLICATION,
	SCRIPT_CORRUPTION,
	SCRIPT_JITTER,     /* us */
	SCRIPT_REORDERING, /* share, us */
	SCRIPT_CRASH,      /* share of those that run */
	SCRIPT_RESTART,    /* share of those that do not; choice: 0 fresh, 1 kept */
	SCRIPT_PAUSE,
	SCRIPT_RESUME,
	SCRIPT_PARTITION, /* share on the other side; choice: 0 both ways, 1 one way */
	SCRIPT_HEAL,
	SCRIPT_CLOCK,     /* share, us; choice: 0 ahead, 1 back */
	SCRIPT_REBOOT,    /* share of the NATs, as the next */
	SCRIPT_RENUMBER,  /* they get other addresses */
	SCRIPT_CHURN,     /* us lifetime, us absence; choice: 0 fresh, 1 kept */
	SCRIPT_CHURN_OFF, /* who is away comes back */
	SCRIPT_PROBE,     /* millionths of a message per second */
	SCRIPT_PROBE_OFF,
	SCRIPT_STOP_BOOTSTRAP, /* these members end and never come back */
	SCRIPT_CALM,           /* no fault from here on: see net_set_calm(); all come back */
	SCRIPT_AWAIT,          /* us; choice: enum script_condition */
	SCRIPT_EXPECT,         /* text: a figure's name; bound; choice: 0 <=, 1 >= */
	SCRIPT_VERBS,
};

enum script_hostile {
	SCRIPT_DROP,
	SCRIPT_MISROUTE,
	SCRIPT_LIE,
	SCRIPT_COLLUDE,
	SCRIPT_BEHAVE, /* nothing: to compare the others with */
	SCRIPT_HOSTILES,
};

enum script_condition {
	SCRIPT_EXACT,    /* every member's near links are its true neighbours' */
	SCRIPT_SETTLED,  /* every member believes that it stands in its place */
	SCRIPT_ROUTABLE, /* between all sampled pairs, link by link */
	SCRIPT_CONDITIONS,
};

struct script_range {
	uint64_t low, high; /* in the unit of the verb; a share is in millionths */
};

struct script_statement {
	unsigned line;
	enum script_verb verb;
	uint64_t at_us;    /* 0: before anything starts; of AWAIT: when the faults are over */
	uint64_t every_us; /* 0: once */
	uint64_t until_us; /* exclusive */
	struct script_range values[SCRIPT_VALUES_MAX];
	unsigned choice;
	int64_t bound; /* of EXPECT, in millionths */
	char text[SCRIPT_TEXT_MAX + 1];
	struct natbox_kind nat; /* of NAT */
	bool any_nat;           /* of NAT: one of the common kinds for each */
};

struct script {
	char about[SCRIPT_TEXT_MAX + 1];
	struct script_statement statements[SCRIPT_STATEMENTS_MAX];
	unsigned count;
};

/* Where it cannot be understood, and what would be right. */
struct script_error {
	unsigned line;
	char text[SCRIPT_ERROR_MAX + 1]; /* a sentence without its full stop */
};

/* 0 or ERR_MALFORMED. */
int script_read(struct span text, struct script *ret, struct script_error *error);

/* The last statement of this verb, or NULL. */
const struct script_statement *script_find(const struct script *script, enum script_verb verb);

/* When the last thing happens that the script does at a time: no fault is later, unless the churn
 * goes on. */
uint64_t script_end_us(const struct script *script);

/* How a statement of this verb is written: a line of the grammar. */
const char *script_form(enum script_verb verb);

/* All statements, one a line, as the grammar has them; NULL behind the last. */
const char *script_grammar(unsigned n);

#endif
