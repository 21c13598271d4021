/* certificate.h - who a member is: X.509 (RFC 5280) in one form, judged with the time as argument.
 *
 * A member's certificate has: subject CN = host name; subjectAltName with exactly one URI
 * `ipop:node:<base32 of the id>`, one dNSName (the host name again) and at most one iPAddress (the
 * pinned IPv4); basicConstraints CA:FALSE, keyUsage digitalSignature, extendedKeyUsage with our own
 * purpose; and one critical extension of ours: {version 1, class, network id 20, salt 16}.
 * Critical, so that no other software takes it for its own. Any other extension refuses the
 * certificate. The node id is the first 160 bits of SHA-256(SPKI | salt): nobody can choose a place
 * on the ring without asking the CA for one more certificate.
 *
 * What is said has one encoding (certificate_form.h), signatures included, so of one certificate
 * there are no two versions. doc/certificates.md lists every field.
 */
#ifndef CRYPTO_CERTIFICATE_H
#define CRYPTO_CERTIFICATE_H

#include "base/id.h"
#include "base/mono.h"
#include "crypto/key.h"

#define CERTIFICATE_BYTES_MAX 640 /* DER: one fits into a handshake datagram beside the rest */
#define CERTIFICATE_PEM_BYTES_MAX 1024
#define CERTIFICATE_NAME_MAX 63   /* one DNS label (RFC 1035, 2.3.4) */
#define CERTIFICATE_SERIAL_MAX 20 /* RFC 5280, 4.1.2.2 */
#define CERTIFICATE_SALT_BYTES 16
#define TRUST_GROUP_MAX 15     /* a group's name: the interface has it, too, and IFNAMSIZ is 16 */
#define CERTIFICATE_SKEW_S 300 /* validity is judged by this much to the member's favour */

enum certificate_class { CERTIFICATE_GROUP = 1, CERTIFICATE_OPEN = 2 /* self-signed, salt zero */ };

struct certificate {
	enum certificate_class class;
	struct id id, network;
	char name[CERTIFICATE_NAME_MAX + 1];
	bool has_ipv4;
	uint8_t ipv4[4];
	uint8_t salt[CERTIFICATE_SALT_BYTES];
	uint8_t serial[CERTIFICATE_SERIAL_MAX];
	uint8_t serial_len;
	struct wall not_before, not_after;
	uint8_t spki[KEY_SPKI_BYTES_MAX];
	uint8_t spki_len;
	uint8_t spki_hash[HASH_BYTES];
	uint8_t der[CERTIFICATE_BYTES_MAX];
	uint16_t der_len;
};

/* What is believed: the CA of a group, or (open) anybody who signs for himself. */
struct trust;

/* From the CA's certificate, DER or PEM, as ca_new() makes it: basicConstraints with pathlen 0,
 * keyCertSign, self-signed. 0, ERR_NOMEM, ERR_CERTIFICATE. */
int trust_new_group(struct span ca, struct trust **ret);
/* The network id of an open network is its own to choose. */
int trust_new_open(const struct id *network, struct trust **ret);
void trust_free(struct trust *trust);

bool trust_is_open(const struct trust *trust);
/* Group: the first 160 bits of SHA-256(SPKI of the CA). */
const struct id *trust_network(const struct trust *trust);

/* The group's name as its CA has it; "" when open. */
const char *trust_group(const struct trust *trust);

/* Reads and verifies everything but revocation, which is policy. 0, or why not: ERR_TOO_LONG,
 * ERR_MALFORMED, ERR_FOREIGN (another network), ERR_CERTIFICATE, and of a genuine certificate
 * ERR_NOT_YET or ERR_EXPIRED. */
int certificate_verify(const struct trust *trust, struct span der, struct wall now,
		       struct certificate *ret);

/* Whether it was issued for this key. */
bool certificate_is_for(const struct certificate *certificate, const struct key *key);

/* The first moment of a member's certificate and the last, as it says itself; nothing is verified.
 * 0 or ERR_MALFORMED. */
int certificate_read_period(struct span der, struct wall *ret_start, struct wall *ret_end);

/* Only judges the validity of an already verified certificate again, for rekeys. */
int certificate_check_time(const struct certificate *certificate, struct wall now);

/* The id that a key has with a salt. */
struct id certificate_id(struct span spki, const uint8_t salt[CERTIFICATE_SALT_BYTES]);

/* PEM to DER and back, without judging: 0, ERR_MALFORMED, ERR_TOO_LONG. `ret` of the first holds
 * CERTIFICATE_BYTES_MAX; the text of the second ends with a zero. */
int certificate_from_pem(struct span pem, uint8_t *ret, size_t *ret_len);
int certificate_to_pem(struct span der, char *ret, size_t ret_size);

/* True for [a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?: what a host may be called. */
bool certificate_name_is_valid(const char *name);

#endif
