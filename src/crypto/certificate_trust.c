/* certificate_trust.c - see certificate_trust.h. */
#include "crypto/certificate_trust.h"

#include "base/err.h"
#include "base/seccheck.h"
#include "crypto/pem.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>

#define AUTH_LEVEL 2 /* of OpenSSL: 112 bits of security */

bool trust_group_is_valid(const char *group)
{
	if (group[0] < 'a' || group[0] > 'z')
		return false;
	return strlen(group) <= TRUST_GROUP_MAX &&
	       strspn(group, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(group);
}

struct id trust_network_of(struct span spki)
{
	uint8_t hash[HASH_BYTES];
	struct id id;

	hash_sha256(&spki, 1, hash);
	memcpy(id.bytes, hash, sizeof(id.bytes));
	return id;
}

/* Fills in the CA's fields; everything about its certificate is judged here. */
static int read_ca(struct trust *trust, struct span der)
{
	struct certificate *ca = &trust->ca;
	uint8_t buffers[2][CERTIFICATE_BYTES_MAX];
	struct writer body = writer_of(buffers[0], sizeof(buffers[0]));
	struct writer whole = writer_of(buffers[1], sizeof(buffers[1]));
	struct writer name = writer_of(trust->name, sizeof(trust->name));
	struct form_parts parts;

	if (der.len > sizeof(ca->der) || form_split(der, &parts) != 0 ||
	    form_read_ca(parts.body, ca) != 0)
		return ERR_CERTIFICATE;

	const struct span spki = span_of(ca->spki, ca->spki_len);
	ca->network = trust_network_of(spki);
	if (!SECCHECK(SEC_CA_KEY, key_spki_kind(spki, &trust->ca_kind) == 0) ||
	    !SECCHECK(SEC_CA_NAME,
		      strncmp(ca->name, TRUST_NAME_PREFIX, sizeof(TRUST_NAME_PREFIX) - 1) == 0 &&
			      trust_group_is_valid(ca->name + sizeof(TRUST_NAME_PREFIX) - 1)))
		return ERR_CERTIFICATE;

	form_ca(&body, ca, trust->ca_kind);
	form_join(&whole,
		  &(struct form_parts){ writer_span(&body), trust->ca_kind, parts.signature });
	if (!SECCHECK(SEC_CA_FORM, writer_ok(&whole) && span_equal(writer_span(&whole), der)) ||
	    !SECCHECK(SEC_CA_SIGNATURE, key_verify(spki, parts.body, parts.signature) == 0))
		return ERR_CERTIFICATE;

	form_name(&name, ca->name);
	trust->name_len = name.len;
	memcpy(ca->der, der.data, der.len);
	ca->der_len = (uint16_t)der.len;
	trust->network = ca->network;
	return 0;
}

/* The strictest that the library has; nothing between the CA and a member. Our own extension is
 * critical and unknown to it; that there is no other one has been seen by then (SEC_CERT_FORM). */
static int make_store(struct trust *trust)
{
	const unsigned char *at = trust->ca.der;
	X509 *ca = d2i_X509(NULL, &at, trust->ca.der_len);
	int err = ERR_NOMEM;

	trust->store = X509_STORE_new();
	if (ca != NULL && trust->store != NULL && X509_STORE_add_cert(trust->store, ca) == 1 &&
	    X509_STORE_set_flags(trust->store,
				 X509_V_FLAG_X509_STRICT | X509_V_FLAG_IGNORE_CRITICAL) == 1 &&
	    X509_STORE_set_depth(trust->store, 0) == 1) {
		X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(trust->store), AUTH_LEVEL);
		err = 0;
	}
	X509_free(ca);
	ERR_clear_error();
	return err;
}

int trust_new_group(struct span ca, struct trust **ret)
{
	struct trust *trust = calloc(1, sizeof(*trust));
	uint8_t der[CERTIFICATE_BYTES_MAX];
	size_t len = 0;
	int err = 0;

	if (trust == NULL)
		return ERR_NOMEM;
	if (pem_has_label(ca, "CERTIFICATE")) {
		err = certificate_from_pem(ca, der, &len) == 0 ? 0 : ERR_CERTIFICATE;
		ca = span_of(der, len);
	}
	if (err == 0)
		err = read_ca(trust, ca);
	if (err == 0)
		err = make_store(trust);
	if (err != 0) {
		trust_free(trust);
		return err;
	}
	*ret = trust;
	return 0;
}

int trust_new_open(const struct id *network, struct trust **ret)
{
	struct trust *trust = calloc(1, sizeof(*trust));

	if (trust == NULL)
		return ERR_NOMEM;
	trust->open = true;
	trust->network = *network;
	*ret = trust;
	return 0;
}

void trust_free(struct trust *trust)
{
	if (trust == NULL)
		return;
	X509_STORE_free(trust->store);
	free(trust);
}

bool trust_is_open(const struct trust *trust)
{
	return trust->open;
}

const struct id *trust_network(const struct trust *trust)
{
	return &trust->network;
}

const char *trust_group(const struct trust *trust)
{
	return trust->open ? "" : trust->ca.name + sizeof(TRUST_NAME_PREFIX) - 1;
}
