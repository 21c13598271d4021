/* certificate_form.h - the one form of each document: a member's certificate, the CA's, a request.
 *
 * X.509 leaves many ways to say one thing, and most accidents with certificates live in the
 * difference between two readers. Here every document has exactly one encoding, and the functions
 * below write it. A reader takes the fields out, has the document written anew from them, and
 * accepts it only if the bytes are the same: whatever it did not look at (an extension too many,
 * another order, a flag, a longer length) makes the bytes differ. doc/certificates.md
 * lists every field.
 */
#ifndef CRYPTO_CERTIFICATE_FORM_H
#define CRYPTO_CERTIFICATE_FORM_H

#include "base/writer.h"
#include "crypto/certificate.h"

#define FORM_NAME_BYTES_MAX 80 /* of a name with one common name */

/* A signed document in its three parts, borrowed from it. */
struct form_parts {
	struct span body; /* what is signed, with its header */
	enum key_kind signer;
	struct span signature;
};

/* Takes a signed document apart, to its very end: 0, or ERR_MALFORMED. */
int form_split(struct span der, struct form_parts *ret);

/* Puts a signed document together. */
void form_join(struct writer *w, const struct form_parts *parts);

/* A name of one common name (UTF8String). */
void form_name(struct writer *w, const char *common_name);

/* The body of a member's certificate, from all fields of `c` but the hashes and the DER. `issuer`
 * is the CA's name; for a self-signed certificate the member's own. */
void form_member(struct writer *w, const struct certificate *c, enum key_kind signer,
		 struct span issuer);

/* The body of a CA's certificate, from serial, name, times, key and network of `c`. */
void form_ca(struct writer *w, const struct certificate *c, enum key_kind kind);

/* The body of a request (RFC 2986, 4.1). */
void form_request(struct writer *w, const char *name, struct span spki);

/* Take the fields from the places where they stand in the form; nothing else is looked at. 0, or
 * ERR_MALFORMED if something has not even the shape. Fields that a body does not have stay zero. */
int form_read_member(struct span body, struct certificate *ret);
int form_read_ca(struct span body, struct certificate *ret);
int form_read_request(struct span body, struct certificate *ret);

#endif
