# layers: src/prog/main.c:2: <openssl/evp.h> is for crypto and tests only
sed -i '2i #include <openssl/evp.h>' src/prog/main.c
