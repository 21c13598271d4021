/* start.h - the first call of every program that uses crypto/. */
#ifndef CRYPTO_START_H
#define CRYPTO_START_H

/* Keeps libcrypto from reading its configuration file (and the environment that would name one),
 * loads what we use of it, and has each algorithm give a known answer, so that later nothing has to
 * be opened and nothing can turn out to be missing: to be called before the sandbox closes. 0 or
 * ERR_CRYPTO. */
int crypto_start(void);

#endif
