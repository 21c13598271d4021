/* ca.h - issuing: the CA's own certificate, requests with proof of possession, members'
 * certificates, self-signed ones. Who holds which name, address and id already is not known
 * here: group/registry.h refuses second holders before ca_sign() is called.
 */
#ifndef CRYPTO_CA_H
#define CRYPTO_CA_H

#include "base/writer.h"
#include "crypto/certificate.h"
#include "crypto/random.h"

#define CA_DAYS_DEFAULT 365
#define CA_DAYS_MAX 3650
#define CA_PEM_BYTES_MAX 2048

/* The CA's certificate of a group: CN = "ipop:" and the group's name, [a-z][a-z0-9-]{0,14}; pathlen
 * 0; no end. Writes DER. 0, ERR_MALFORMED (name), ERR_CRYPTO, ERR_TOO_LONG (no room). */
int ca_new(const struct key *key, const char *group, struct wall now, struct entropy *entropy,
	   struct writer *ret_der);

/* A PKCS#10 request (RFC 2986) for a host name, signed by its key. Writes PEM. The same errors. */
int ca_request(const struct key *key, const char *name, struct writer *ret_pem);

struct ca_request {
	char name[CERTIFICATE_NAME_MAX + 1];
	uint8_t spki[KEY_SPKI_BYTES_MAX];
	uint8_t spki_len;
};

/* Reads a request and checks that its sender holds the key: 0, ERR_MALFORMED, ERR_AUTH,
 * ERR_UNSUPPORTED (kind of key), ERR_TOO_LONG. It names a host and a key and nothing else. */
int ca_request_read(struct span pem, struct ca_request *ret);

/* What the CA grants. */
struct ca_grant {
	const struct ca_request *request;
	bool has_ipv4;
	uint8_t ipv4[4];
	uint8_t salt[CERTIFICATE_SALT_BYTES]; /* fresh from entropy, or the one of the certificate
						 renewed */
	struct wall now;
	unsigned days; /* 1..CA_DAYS_MAX */
};

/* Signs; serial from entropy. Writes DER of at most CERTIFICATE_BYTES_MAX, which
 * certificate_verify() has accepted. 0, ERR_CRYPTO, ERR_TOO_LONG (with P-256 on both sides a host
 * name has room for 48 characters), ERR_NOT_YET (the CA is younger than `now`), or ERR_CERTIFICATE
 * (the CA's certificate is none, or not of this key; no salt). */
int ca_sign(const struct key *ca_key, struct span ca_der, const struct ca_grant *grant,
	    struct entropy *entropy, struct writer *ret_der);

/* What a member of an open network says of itself. */
struct ca_self {
	const char *name;
	const struct id *network;
	struct wall now;
	unsigned days; /* 1..CA_DAYS_MAX */
};

/* A member of an open network signs for itself: class open, zero salt. 0, ERR_MALFORMED (name),
 * ERR_NOMEM, ERR_CRYPTO, ERR_TOO_LONG. */
int ca_sign_open(const struct key *key, const struct ca_self *self, struct entropy *entropy,
		 struct writer *ret_der);

#endif
