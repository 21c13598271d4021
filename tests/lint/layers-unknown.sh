# layers: src/misc/odd.c:1: lies in no layer
mkdir src/misc
echo '/* odd.c - in a folder that is no layer. */' >src/misc/odd.c
