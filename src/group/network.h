/* network.h - what a network may be called, and the secret that hides it. */
#ifndef GROUP_NETWORK_H
#define GROUP_NETWORK_H

#include "base/writer.h"
#include "crypto/certificate.h"
#include "group/complaint.h"

#define NETWORK_NAME_MAX TRUST_GROUP_MAX
#define NETWORK_SECRET_BYTES 32
#define NETWORK_SECRETS_MAX 2 /* the epoch in force and the one before */
#define NETWORK_SECRETS_TEXT_MAX 256

/* [a-z][a-z0-9-]{0,14}, and no name that stands for something else on a host (requests, all,
 * default): 0, or ERR_MALFORMED with a complaint. */
int network_check_name(const char *name, struct complaint *complaint);

/* What every member has and no stranger: it keeps strangers from seeing that we are there. */
struct network_secrets {
	struct {
		uint8_t epoch; /* 1..255 */
		uint8_t bytes[NETWORK_SECRET_BYTES];
	} epochs[NETWORK_SECRETS_MAX]; /* newest first */
	uint32_t count;                /* 1.. */
};

/* Epochs go round: 1 follows on 255. */
uint8_t network_epoch_next(uint8_t epoch);
/* Whether `a` came after `b`, which is so if it is at most 127 rotations ahead (as RFC 1982 has it
 * of serial numbers). */
bool network_epoch_is_newer(uint8_t a, uint8_t b);

/* One line an epoch, newest first: its number and the secret in base64. The text is secret. */
void network_secrets_to_text(const struct network_secrets *secrets, struct writer *w);

/* 0 or ERR_MALFORMED. */
int network_secrets_from_text(struct span text, struct network_secrets *ret);

#endif
