# symbols: src/crypto/seal.c:1: crypto may not refer to RAND_bytes
printf '\nint RAND_bytes(void *p, int n);\nint seal_draw(void *p);\n\nint seal_draw(void *p)\n{\n\treturn RAND_bytes(p, 1);\n}\n' >>src/crypto/seal.c
