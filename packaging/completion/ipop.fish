# Completion of ipop(1) for fish: the program itself says what may come next (ipop complete). Where it
# knows nothing, names of files are offered.
complete -c ipop -f
complete -c ipop -n 'test (count (ipop complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)) -eq 0' -F
complete -c ipop -k -a '(ipop complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
