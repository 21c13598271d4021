# secchecks: src/session/door_key.c:7: SEC_DOOR_LOCK is not in src/base/seccheck_list.h
sed -i 's/SEC_DOOR_KEY/SEC_DOOR_LOCK/' src/session/door_key.c
