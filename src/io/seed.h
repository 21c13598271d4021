/* seed.h - fresh secret bytes of the kernel, for crypto/random.h and base/rng.h to grow from. */
#ifndef IO_SEED_H
#define IO_SEED_H

#include <stddef.h>
#include <stdint.h>

#define SEED_BYTES_MAX 256 /* getrandom(2) gives these whole or not at all */

/* Requires len <= SEED_BYTES_MAX. Waits only while the kernel has not been seeded since boot. 0 or
 * ERR_IO (the call is forbidden here). */
int seed_read(uint8_t *ret, size_t len);

#endif
