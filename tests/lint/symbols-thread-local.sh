# symbols: src/forward/plane.c:1: mutable global plane_last
printf '\nextern _Thread_local int plane_last;\n_Thread_local int plane_last;\n' >>src/forward/plane.c
