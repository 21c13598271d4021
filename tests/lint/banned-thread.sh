# banned: src/forward/plane.c:2: pthread_*(): one control thread
sed -i '2i #define LOCK(m) pthread_mutex_lock(m)' src/forward/plane.c
