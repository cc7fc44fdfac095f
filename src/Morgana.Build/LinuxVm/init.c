/*
 * The first process of a stock Linux that runs an image: mounts what .NET looks at, loads the modules, hands the image a packet socket on
 * eth0 and its disks as descriptors from 3 on, and ends the machine with the image's status. No C library: the archive holds this program and the image alone.
 */
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/reboot.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#define MOST_WORDS 512

static char words[64 * 1024], *arguments[MOST_WORDS], *environment[MOST_WORDS];

static long call(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e;
	__asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
	return number;
}

#define CALL(name, a, b, c, d, e) call(__NR_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

/* What the compiler makes of loops over octets. */
void *memset(void *to, int value, unsigned long count)
{
	void *start = to;
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(value) : "memory");
	return start;
}

static void say(const char *text)
{
	const char *end = text;
	while (*end) end++;
	CALL(write, 2, text, end - text, 0, 0);
}

static void pause_ms(int ms)
{
	struct timespec wait = { .tv_nsec = ms * 1000000L };
	CALL(nanosleep, &wait, 0, 0, 0, 0);
}

/* Ends the machine: the status goes out as a line on QEMU's debug console, where the runner listens. */
static void end(unsigned status)
{
	char digits[4];
	int count = 0;
	CALL(ioctl, 0, TCSBRK, 1, 0, 0);	/* what was written is on its way out */
	CALL(sync, 0, 0, 0, 0, 0);
	if (CALL(iopl, 3, 0, 0, 0, 0) == 0) {
		do digits[count++] = '0' + status % 10; while ((status /= 10) > 0);
		while (count > 0) __asm__ volatile("outb %0, %1" : : "a"(digits[--count]), "Nd"((unsigned short)0xe9));
		__asm__ volatile("outb %0, %1" : : "a"((char)'\n'), "Nd"((unsigned short)0xe9));
		__asm__ volatile("outb %0, %1" : : "a"((char)0), "d"((unsigned short)0x501));
	}
	CALL(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART, 0, 0);
	for (;;) pause_ms(900);
}

static void fail(const char *what)
{
	say("init: ");
	say(what);
	say("\n");
	end(78);				/* EX_CONFIG of sysexits.h */
}

/* /modules/00 and so on, in the order in which they need each other. */
static void load_modules(void)
{
	char path[] = "/modules/00";
	for (int i = 0; i < 100; i++) {
		path[9] = '0' + i / 10;
		path[10] = '0' + i % 10;
		long file = CALL(openat, AT_FDCWD, path, O_RDONLY, 0, 0);
		if (file < 0) return;
		if (CALL(finit_module, file, "", 0, 0, 0) < 0) fail("a module cannot be loaded");
		CALL(close, file, 0, 0, 0, 0);
	}
}

/* Moves a descriptor to the number that the image knows. */
static void place(long file, int number)
{
	if (file == number) return;
	if (CALL(dup2, file, number, 0, 0, 0) < 0) fail("a descriptor cannot be placed");
	CALL(close, file, 0, 0, 0, 0);
}

/* The interface up, nothing merged that the wire had apart, and a packet socket on it. */
static void open_link(int number)
{
	struct ifreq request = { .ifr_name = "eth0" };
	struct ethtool_value merging = { .cmd = ETHTOOL_SGRO };
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = __builtin_bswap16(ETH_P_ALL) };
	int yes = 1;
	long link = CALL(socket, AF_PACKET, SOCK_RAW, 0, 0, 0);
	if (link < 0) fail("no packet socket can be opened");
	for (int i = 0; CALL(ioctl, link, SIOCGIFINDEX, &request, 0, 0) < 0; i++) {
		if (i == 2000) fail("there is no eth0");
		pause_ms(1);
	}
	address.sll_ifindex = request.ifr_ifindex;
	request.ifr_data = (void *)&merging;
	CALL(ioctl, link, SIOCETHTOOL, &request, 0, 0);
	request.ifr_flags = IFF_UP;
	if (CALL(ioctl, link, SIOCSIFFLAGS, &request, 0, 0) < 0) fail("eth0 cannot be set up");
	if (CALL(setsockopt, link, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) < 0 ||
	    CALL(setsockopt, link, SOL_PACKET, PACKET_AUXDATA, &yes, sizeof yes) < 0 ||
	    CALL(bind, link, &address, sizeof address, 0, 0) < 0) fail("eth0 cannot be used");
	place(link, number);
}

/* The disk whose serial number ends in this digit: Linux names disks as it finds them. */
static void open_disk(int number, char digit)
{
	char serial[32], sys[] = "/sys/block/vda/serial", dev[] = "/dev/vda";
	for (int i = 0; i < 2000; i++, pause_ms(1)) {
		for (char letter = 'a'; letter <= 'z'; letter++) {
			sys[13] = dev[7] = letter;
			long file = CALL(openat, AT_FDCWD, sys, O_RDONLY, 0, 0);
			if (file < 0) continue;
			long length = CALL(read, file, serial, sizeof serial, 0, 0);
			CALL(close, file, 0, 0, 0, 0);
			if (length < 5 || serial[4] != digit) continue;
			long disk = CALL(openat, AT_FDCWD, dev, O_RDWR, 0, 0);
			if (disk < 0) disk = CALL(openat, AT_FDCWD, dev, O_RDONLY, 0, 0);
			if (disk < 0) break;
			place(disk, number);
			return;
		}
	}
	fail("a disk is not there");
}

/* /devices names them in the order of their descriptors: n is the link, a digit a disk. */
static void open_devices(void)
{
	char devices[16];
	long file = CALL(openat, AT_FDCWD, "/devices", O_RDONLY, 0, 0);
	long count = CALL(read, file, devices, sizeof devices, 0, 0);
	/* An archive of before there was a list of them: the image would miss its link without a word of why. */
	if (count < 0) fail("there is no list of devices");
	CALL(close, file, 0, 0, 0, 0);
	for (int i = 0; i < count; i++) {
		if (devices[i] == 'n') open_link(3 + i);
		else open_disk(3 + i, devices[i]);
	}
}

/* /words holds the environment and then the arguments: each ended by a zero, and both lists by an empty one. */
static void read_words(void)
{
	long file = CALL(openat, AT_FDCWD, "/words", O_RDONLY, 0, 0);
	long length = CALL(read, file, words, sizeof words - 2, 0, 0);
	if (length < 2) fail("there are no arguments");
	CALL(close, file, 0, 0, 0, 0);
	char *word = words, **lists[] = { environment, arguments };
	for (int list = 0; list < 2; list++) {
		for (int i = 0; i < MOST_WORDS - 1 && *word; i++) {
			lists[list][i] = word;
			while (*word) word++;
			word++;
		}
		word++;
	}
}

/* The console as the image's own lines, with one key left: the runner's, which asks the image to end. */
static void set_console(void)
{
	struct termios terminal;
	CALL(setsid, 0, 0, 0, 0, 0);
	CALL(ioctl, 0, TIOCSCTTY, 1, 0, 0);
	if (CALL(ioctl, 0, TCGETS, &terminal, 0, 0) < 0) return;
	terminal.c_oflag &= ~OPOST;
	terminal.c_lflag = ISIG;
	terminal.c_cc[VINTR] = terminal.c_cc[VSUSP] = 0;
	terminal.c_cc[VQUIT] = 0x1c;
	CALL(ioctl, 0, TCSETS, &terminal, 0, 0);
}

static long start(void)
{
	long child = CALL(fork, 0, 0, 0, 0, 0);
	if (child != 0) return child;
	unsigned long none = 0;
	CALL(rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none, 0);
	CALL(setpgid, 0, 0, 0, 0, 0);		/* the key is for process 1, which passes it on */
	CALL(execve, "/image", arguments, environment, 0, 0);
	fail("the image cannot be started");
	return 0;
}

__attribute__((used, noreturn)) void first(void)
{
	unsigned long waited = 1UL << (SIGQUIT - 1) | 1UL << (SIGCHLD - 1);
	int status;
	/* Blocked, so that they wait for us: what is not handled is not even queued for process 1. */
	CALL(rt_sigprocmask, SIG_SETMASK, &waited, NULL, sizeof waited, 0);
	CALL(mount, "devtmpfs", "/dev", "devtmpfs", 0, 0);
	CALL(mount, "proc", "/proc", "proc", 0, 0);
	CALL(mount, "sysfs", "/sys", "sysfs", 0, 0);
	set_console();
	read_words();
	load_modules();
	open_devices();
	long child = start();
	if (child < 0) fail("no process can be started");
	for (;;) {
		if (CALL(rt_sigtimedwait, &waited, NULL, NULL, sizeof waited, 0) == SIGQUIT) CALL(kill, child, SIGTERM, 0, 0, 0);
		while ((CALL(wait4, -1, &status, WNOHANG, NULL, 0)) == child) end((status & 0x7f) ? 128 + (status & 0x7f) : (status >> 8) & 0xff);
	}
}

__asm__(".globl _start\n_start: xor %ebp, %ebp\n and $-16, %rsp\n call first\n");
