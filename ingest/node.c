#include "ingest/node.h"

#include <arpa/inet.h>

struct str node_label(struct str name, char label[NODE_LABEL_SIZE])
{
	char whole[NODE_LABEL_SIZE];
	struct in6_addr address;
	size_t n = name.n < sizeof(whole) - 1 ? name.n : sizeof(whole) - 1;

	if (n)
		memcpy(whole, name.p, n);
	whole[n] = '\0';
	if (inet_pton(AF_INET, whole, &address) != 1 && inet_pton(AF_INET6, whole, &address) != 1)
		n = strcspn(whole, ".");
	for (size_t i = 0; i < n; i++)
		label[i] = (char)(whole[i] >= 'A' && whole[i] <= 'Z' ? whole[i] | 0x20 : whole[i]);
	return str_of(label, n);
}
