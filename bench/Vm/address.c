/* Gives eth0, which the first process has set up, the address that it is told, and waits: Linux itself answers pings then. */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(int count, char **arguments)
{
	struct ifreq request = { .ifr_name = "eth0" };
	struct sockaddr_in address = { .sin_family = AF_INET };
	int control = socket(AF_INET, SOCK_DGRAM, 0);
	if (count != 2 || inet_pton(AF_INET, arguments[1], &address.sin_addr) != 1) return 64;
	close(3);					/* the packet socket: Linux is not to copy what comes */
	memcpy(&request.ifr_addr, &address, sizeof address);
	if (ioctl(control, SIOCSIFADDR, &request) < 0) return 1;
	address.sin_addr.s_addr = htonl(0xffffff00);
	memcpy(&request.ifr_netmask, &address, sizeof address);
	if (ioctl(control, SIOCSIFNETMASK, &request) < 0) return 1;
	write(1, "eth0 has its address\n", 21);
	for (;;) pause();
}
