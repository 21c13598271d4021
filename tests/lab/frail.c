/* frail.c - what the daemon stands on, gone bad: preloaded into a program of the laboratory.
 *
 *   FRAIL_HASH  libcrypto's digests have a wrong bit
 *   FRAIL_TUN   the last descriptor of an interface takes half a second to close
 */
#include <dlfcn.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TUN "/dev/net/tun"
#define CLOSE_MS 500

typedef int digest_final(EVP_MD_CTX *ctx, unsigned char *digest, unsigned int *len);

int EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *md, unsigned int *s)
{
	void *const symbol = dlsym(RTLD_NEXT, "EVP_DigestFinal_ex");
	digest_final *real;
	int done;

	memcpy(&real, &symbol, sizeof(real)); /* POSIX, dlsym(): a cast is no ISO C */
	done = real(ctx, md, s);
	if (getenv("FRAIL_HASH") != NULL)
		md[0] ^= 1;
	return done;
}

int close(int fd)
{
	char name[64];
	char target[sizeof(TUN)] = "";

	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (getenv("FRAIL_TUN") != NULL && readlink(name, target, sizeof(target)) > 0 &&
	    memcmp(target, TUN, strlen(TUN)) == 0)
		(void)poll(NULL, 0, CLOSE_MS);
	return (int)syscall(SYS_close, fd);
}
