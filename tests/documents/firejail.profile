# Firejail profile for web
include web.local
include globals.local
noblacklist ${HOME}/.web
caps.drop all
seccomp !chroot
