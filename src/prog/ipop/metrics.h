/* metrics.h - what the daemon tells of itself as a page of metrics, for Prometheus and its like.
 *
 * In the older text format (0.0.4), which everything reads, or in that of OpenMetrics 1.0 for who
 * asks for it: they differ in the names of counters' types and in the last line.
 */
#ifndef PROG_IPOP_METRICS_H
#define PROG_IPOP_METRICS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Writes the page of a daemon that answered `ipop.status/1` and `ipop.peers/1`. Names and
 * ids of peers are labels, escaped as the format has it. */
void metrics_print(const json_t *status, const json_t *peers, bool openmetrics, FILE *out);

/* The same page of a daemon that does not answer: all that is known is that it is down. */
void metrics_print_down(const char *network, bool openmetrics, FILE *out);

/* Of an HTTP answer. */
const char *metrics_content_type(bool openmetrics);

#endif
