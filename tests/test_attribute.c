#include <stdio.h>

int main(void)
{
	puts("1..0 # SKIP no test yet");
	return 0;
}
