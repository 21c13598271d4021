# layers: src/odd.c:1: lies in no layer
echo '/* odd.c - in no folder. */' >src/odd.c
