/* certificate_signed.c - trust_signed() of certificate_trust.h. In a file of its own, so that large
 * simulations can have another in its place (certificate_signed_null.c).
 */
#include "crypto/certificate_trust.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

bool trust_signed(const struct trust *trust, struct span der, struct wall at)
{
	const unsigned char *begin = der.data;
	X509 *member = d2i_X509(NULL, &begin, (long)der.len);
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool valid = false;

	if (member != NULL && ctx != NULL &&
	    X509_STORE_CTX_init(ctx, trust->store, member, NULL) == 1) {
		X509_STORE_CTX_set_time(ctx, 0, (time_t)wall_to_s(at));
		valid = X509_verify_cert(ctx) == 1;
	}
	X509_STORE_CTX_free(ctx);
	X509_free(member);
	ERR_clear_error();
	return valid;
}
