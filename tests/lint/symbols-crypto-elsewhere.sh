# symbols: src/session/door.c:1: session may not refer to OPENSSL_cleanse
printf '\nvoid OPENSSL_cleanse(void *p, unsigned long n);\nvoid door_wipe(int *p);\n\nvoid door_wipe(int *p)\n{\n\tOPENSSL_cleanse(p, 4);\n}\n' >>src/session/door.c
