/* figures.h - what a play comes to: one number each, in millionths, by the names of
 * doc/simulator.md.
 *
 * Whole numbers throughout, so that one seed gives the same figures whatever compiled them.
 */
#ifndef SIM_FIGURES_H
#define SIM_FIGURES_H

#include "sim/play.h"

#define FIGURES_UNKNOWN INT64_MIN /* nothing was there to be measured */

/* Name, what it says. */
#define FIGURE_LIST(X)                                                                           \
	X(NODES, "nodes", "members of the network")                                              \
	X(UP, "up", "of them up at the end")                                                     \
	X(VIRTUAL_S, "virtual_s", "seconds played")                                              \
	X(EVENTS, "events", "datagrams that arrived and timers that rang")                       \
	X(DATAGRAMS, "datagrams", "sent")                                                        \
	X(RING_EXACT, "ring_exact",                                                              \
	  "1 if at the end all near links are those to the true neighbours")                     \
	X(EXACT, "exact", "share of the members up of whom that is true")                        \
	X(RING_EXACT_MS, "ring_exact_ms",                                                        \
	  "from the end of the faults, or the last join, until it was")                          \
	X(SETTLED, "settled",                                                                    \
	  "share of the members up who believe that they stand in their place")                  \
	X(ROUTABLE, "routable", "share of the sampled pairs between which links lead")           \
	X(HOPS_MEAN, "hops_mean", "links from one to the other")                                 \
	X(HOPS_P50, "hops_p50", "the same, median")                                              \
	X(HOPS_P99, "hops_p99", "the same, 99 of 100")                                           \
	X(HOPS_MAX, "hops_max", "the same, most")                                                \
	X(STRETCH_P50, "stretch_p50", "time along the links by the time straight, median")       \
	X(STRETCH_P99, "stretch_p99", "the same, 99 of 100")                                     \
	X(JOIN_MS_P50, "join_ms_p50", "from start to standing in its place, first life, median") \
	X(JOIN_MS_P99, "join_ms_p99", "the same, 99 of 100")                                     \
	X(JOINED, "joined", "share of the members started who did")                              \
	X(REJOIN_MS_P50, "rejoin_ms_p50", "the same for later lives, median")                    \
	X(REJOIN_MS_P99, "rejoin_ms_p99", "the same, 99 of 100")                                 \
	X(USABLE_MS_P50, "usable_ms_p50",                                                        \
	  "from start until a first packet has reached somebody, median")                        \
	X(USABLE_MS_P99, "usable_ms_p99", "the same, 99 of 100")                                 \
	X(REACHED, "reached", "share of the packets between programs that arrived within 5 s")   \
	X(REACHED_WORST, "reached_worst", "the same of the member that the fewest reached")      \
	X(REACH_MS_P50, "reach_ms_p50", "how long they took, median")                            \
	X(REACH_MS_P99, "reach_ms_p99", "the same, 99 of 100")                                   \
	X(TALKED, "talked", "the same of all pairs, by IPv4 and by IPv6 (`pairs all`)")          \
	X(TALK_LOST, "talk_lost", "share of the packets sent for that which did not arrive")     \
	X(DEGREE_MEAN, "degree_mean", "links of a member")                                       \
	X(DEGREE_MAX, "degree_max", "the same, most")                                            \
	X(NEAR_RELAYED, "near_relayed", "share of the near links that go over a relay")          \
	X(BYTES_PER_NODE_S, "bytes_per_node_s",                                                  \
	  "IP bytes sent and received in quiet, a member and second")                            \
	X(CHURN_BYTES_PER_NODE_S, "churn_bytes_per_node_s",                                      \
	  "the same while members come and go, and programs send nothing")                       \
	X(VIOLATIONS, "violations", "of safety, and of what was expected in time")

#define FIGURE_ENUM(name, text, help) FIGURE_##name,
enum figure { FIGURE_LIST(FIGURE_ENUM) FIGURES };
#undef FIGURE_ENUM

struct figures {
	int64_t values[FIGURES]; /* millionths, or FIGURES_UNKNOWN */
};

const char *figure_name(enum figure figure);
const char *figure_help(enum figure figure);

/* FIGURES if there is none of that name. */
enum figure figure_find(const char *name);

/* Complains of the first expectation of something that is no figure: 0 or ERR_MALFORMED. */
int figures_check(const struct script *script, struct script_error *error);

struct figures figures_of(struct play *play);

/* Compares with what the script expects, and adds what is not so to the play's violations. */
void figures_judge(struct play *play);

#endif
