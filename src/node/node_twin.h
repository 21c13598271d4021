/* node_twin.h - two members whose ids begin with the same 80 bits.
 *
 * These bits are an IPv6 address. A CA does not sign the second of two such certificates
 * (group/registry.h), unless it was set back to an old copy of its registry, or somebody looked for
 * 2^40 keys and more. Then nobody can tell which of the two is meant, so both are refused as long
 * as both certificates live. Only who has shown a certificate gets here.
 */
#ifndef NODE_NODE_TWIN_H
#define NODE_NODE_TWIN_H

#include "base/mono.h"
#include "crypto/certificate.h"

struct node;

/* What users read of both. */
#define TWINS_WHY "its id begins like another's: both are refused while both certificates last"

/* Somebody shows this certificate, which was verified. If another member that we know, or we
 * ourselves, is its twin: policy hears of it, and the other one's sessions end. */
void twins_meet(struct node *node, struct now now, const struct certificate *certificate);

#endif
