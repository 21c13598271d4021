# hardened: build/src/prog/program: secret_null.c, which keeps no secret
mkdir -p src/prog && echo 'static int none(void) { return 0; } int secret(void); int secret(void) { return none(); }' >src/prog/secret_null.c
