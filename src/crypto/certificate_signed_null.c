/* certificate_signed_null.c - trust_signed() by key_verify() alone, where that is key_null.c's: the
 * library cannot judge such signatures. Never linked into ipopd; see key_null.c.
 */
#include "crypto/certificate_trust.h"

bool trust_signed(const struct trust *trust, struct span der, struct wall at)
{
	const struct span spki = span_of(trust->ca.spki, trust->ca.spki_len);
	struct form_parts parts;

	(void)at; /* certificate_verify() judges the member's time; the CA's has no end */
	return form_split(der, &parts) == 0 && key_verify(spki, parts.body, parts.signature) == 0;
}
