/* certificate_trust.h - inside struct trust, for certificate.c and ca.c. */
#ifndef CRYPTO_CERTIFICATE_TRUST_H
#define CRYPTO_CERTIFICATE_TRUST_H

#include "crypto/certificate.h"
#include "crypto/certificate_form.h"

#include <openssl/x509.h>

/* Before the group's name in the CA's own. A host name has no colon, so no member's name is ever
 * that of the CA, which would look self-signed. */
#define TRUST_NAME_PREFIX "ipop:"

struct trust {
	bool open;
	struct id network;
	/* Of a group: */
	struct certificate ca; /* serial, name, times, key, DER; the rest is empty */
	enum key_kind ca_kind;
	uint8_t name[FORM_NAME_BYTES_MAX]; /* the CA's, DER */
	size_t name_len;
	X509_STORE *store; /* owned: the CA's certificate and how to verify under it */
};

/* True for [a-z][a-z0-9-]{0,14}. */
bool trust_group_is_valid(const char *group);

/* The first 160 bits of SHA-256(SPKI of the CA). */
struct id trust_network_of(struct span spki);

/* True if the CA signed this certificate, in the judgement of the library (RFC 5280, 6, strictly),
 * at a time when both were valid. */
bool trust_signed(const struct trust *trust, struct span der, struct wall at);

#endif
