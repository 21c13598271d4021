/* seal.h - the only user of the crypto library. */
#ifndef SEAL_H
#define SEAL_H

#include <stddef.h>

void seal_wipe(void *secret, size_t len);

#endif
