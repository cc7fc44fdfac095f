#!/usr/bin/env python3
"""Figures of the Website's image: its size, how long it takes to its first octet, and its memory under load.

Usage: bench/website.py [--starts N] [--seconds N] [--connections N] [--memory SIZE]

Builds the image, starts it behind the gateway as `./morgana run` does, and reads the kernel's own counters. Needs wrk; the peak of the
control group is there for root alone.
"""
import argparse, glob, os, re, signal, socket, statistics, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TICK = os.sysconf("SC_CLK_TCK")


def children(process):
    for path in glob.glob(f"/proc/{process}/task/*/children"):
        try:
            with open(path) as file:
                found = file.read().split()
        except OSError:
            continue        # It has gone meanwhile.
        for child in found:
            yield child
            yield from children(child)


def guest_of(runner, image):
    """The process that has become the image."""
    while runner.poll() is None:
        for child in children(runner.pid):
            try:
                if os.readlink(f"/proc/{child}/exe") == image:
                    return int(child)
            except OSError:
                pass
    raise SystemExit("the runner ended: " + runner.stderr.read())


def start(image, memory):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [f"{ROOT}/morgana", "run", image, "--memory", memory, "--publish", f"127.0.0.1:{port}:80", "--", "--log=warn"]
    runner = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return runner, port


def first_octet(port):
    """When the first octet of an answer came, on the clock that /proc counts on."""
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=0.02) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                if connection.recv(1):
                    return time.clock_gettime(time.CLOCK_BOOTTIME)
        except OSError:
            time.sleep(0.001)


def started(process):
    with open(f"/proc/{process}/stat") as file:
        return int(file.read().rsplit(") ", 1)[1].split()[19]) / TICK


def processor_time(process):
    """Seconds that its threads have run: what starting costs, however busy the machine is."""
    total = 0
    for name in glob.glob(f"/proc/{process}/task/*/schedstat"):
        with open(name) as file:
            total += int(file.read().split()[0])
    return total / 1e9


def peak(process):
    with open(f"/proc/{process}/status") as file:
        return int(re.search(r"VmHWM:\s+(\d+) kB", file.read()).group(1)) * 1024


def group_peak(process):
    with open(f"/proc/{process}/cgroup") as file:
        for line in file:
            _, controllers, path = line.strip().split(":", 2)
            for name in (f"/sys/fs/cgroup/memory{path}/memory.max_usage_in_bytes", f"/sys/fs/cgroup{path}/memory.peak"):
                if "morgana" in path and os.path.exists(name):
                    return int(open(name).read())
    return None


def stop(runner):
    runner.send_signal(signal.SIGINT)
    if runner.wait(timeout=30) != 0:
        raise SystemExit(f"the guest ended with {runner.returncode}: {runner.stderr.read()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--starts", type=int, default=11)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--memory", default="32M")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        image = f"{folder}/website"
        subprocess.run([f"{ROOT}/morgana", "build", f"{ROOT}/unikernels/Website", "-o", image], check=True, stdout=sys.stderr)
        print(f"image           {os.path.getsize(image):>12,} B")

        times, spent, idle = [], [], 0
        for _ in range(options.starts):
            runner, port = start(image, options.memory)
            guest = guest_of(runner, image)
            times.append(1000 * (first_octet(port) - started(guest)))
            spent.append(1000 * processor_time(guest))
            idle = max(idle, peak(guest))
            stop(runner)
        print(f"first octet     {statistics.median(times):>12.0f} ms   least {min(times):.0f}, most {max(times):.0f}, of {len(times)} starts, to {1000 // TICK} ms")
        print(f"processor time  {statistics.median(spent):>12.0f} ms   of the guest's threads until then: what it would take on a machine of its own")
        print(f"peak RSS, idle  {idle:>12,} B")

        runner, port = start(image, options.memory)
        guest = guest_of(runner, image)
        first_octet(port)
        wrk = subprocess.run(
            ["wrk", "-t2", f"-c{options.connections}", f"-d{options.seconds}s", "--timeout", "60s", f"http://127.0.0.1:{port}/"], text=True, capture_output=True)
        print(f"peak RSS, wrk   {peak(guest):>12,} B    of which pages of the image itself are shared")
        if (octets := group_peak(guest)) is not None:
            print(f"peak of group   {octets:>12,} B    limit {options.memory}")
        rate = float(re.search(r"Requests/sec:\s+([0-9.]+)", wrk.stdout).group(1))
        print(f"requests        {rate:>12,.0f} 1/s  {options.connections} connections, {options.seconds} s")
        errors = re.search(r"Socket errors.*|Non-2xx.*", wrk.stdout)
        print("errors          " + (errors.group(0) if errors else "none").rjust(12))
        stop(runner)


main()
