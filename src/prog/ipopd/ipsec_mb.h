/* ipsec_mb.h - AES-256-GCM of Intel's Multi-Buffer Crypto for IPsec, where it is installed.
 *
 * It uses the widest registers that the CPU has; with VAES a packet costs a quarter of what it
 * costs with OpenSSL 3.0. The library is opened at run time: a host without it misses nothing but
 * speed.
 */
#ifndef PROG_IPOPD_IPSEC_MB_H
#define PROG_IPOPD_IPSEC_MB_H

#include "crypto/aead_loaded.h"

/* Opens the library and finds its functions. Once a process, before the sandbox closes; it stays
 * open. 0; ERR_NOT_FOUND (it is not installed, or not for this kind of CPU), ERR_UNSUPPORTED
 * (another version, no AES instructions here, or it says of itself that it does not work),
 * ERR_NOMEM. */
int ipsec_mb_open(struct aead_functions *ret);

#endif
