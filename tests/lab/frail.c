/* frail.c - what the daemon stands on, gone bad: preloaded into a program of the laboratory.
 *
 *   FRAIL_HASH  libcrypto's digests have a wrong bit
 *   FRAIL_TUN   the last descriptor of an interface takes half a second to close
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <dlfcn.h>
#include <openssl/sha.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TUN "/dev/net/tun"
#define CLOSE_MS 500

typedef int sha256_final(unsigned char *digest, SHA256_CTX *ctx);

int SHA256_Final(unsigned char *md, SHA256_CTX *c)
{
	void *const symbol = dlsym(RTLD_NEXT, "SHA256_Final");
	sha256_final *real;
	int done;

	memcpy(&real, &symbol, sizeof(real)); /* POSIX, dlsym(): a cast is no ISO C */
	done = real(md, c);
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
