.globl _start
.text
_start:
 mov $102,%eax      # socketcall(1=socket)
 mov $1,%ebx
 mov $args,%ecx
 int $0x80
 mov $359,%eax      # socket directly
 mov $1,%ebx
 mov $1,%ecx
 mov $0,%edx
 int $0x80
 mov $102,%eax      # socketcall(9=send)
 mov $9,%ebx
 mov $args2,%ecx
 int $0x80
 mov $117,%eax      # ipc(semop)
 mov $1,%ebx
 int $0x80
 mov $90,%eax       # old mmap
 mov $margs,%ebx
 int $0x80
 mov $192,%eax
 mov $0,%ebx
 int $0x80
 mov $22,%eax       # umount
 mov $0,%ebx
 int $0x80
 mov $59,%eax       # oldolduname
 mov $0,%ebx
 int $0x80
 mov $82,%eax       # old select
 mov $0,%ebx
 int $0x80
 mov $112,%eax
 int $0x80
 mov $251,%eax
 int $0x80
 mov $1,%eax
 mov $0,%ebx
 int $0x80
.data
args: .long 1,1,0
args2: .long 99,0,0,0
margs: .long 0,4096,3,34,-1,0
