# secchecks: src/base/seccheck_list.h:5: SEC_DOOR_BELL is used nowhere
sed -i 's/X(SEC_DOOR_KEY, "the key fits")/& X(SEC_DOOR_BELL, "it rang")/' src/base/seccheck_list.h
